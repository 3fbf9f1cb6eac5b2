import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Program {
  readonly process: ChildProcess
  /** Everything on standard output so far. */
  said(): string
  /** @returns its exit code, or the signal that ended it */
  ended(): Promise<number | string | null>
}

/** Runs a `sparekey` command as a real process on a home, its output piped. */
export function program(home: string, words: readonly string[]): Program {
  const { PATH = '', NODE_OPTIONS = '' } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH, NODE_OPTIONS, SPAREKEY_HOME: home, HOME: home },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (part: Buffer) => {
    said += part.toString()
  })
  const exit = new Promise<number | string | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  return { process: child, said: () => said, ended: () => exit }
}
