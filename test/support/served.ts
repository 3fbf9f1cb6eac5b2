import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Served {
  readonly url: string
  readonly process: ChildProcess
  /** Everything it wrote so far. */
  said(): string
  /** @returns its exit code, or the signal that ended it */
  ended(): Promise<number | string | null>
}

/** Runs `sparekey serve` as a real process on a home. @param providers where its providers are to be found, or all their settings. @param more further lines of its configuration, words of the command, and where its log goes instead of `said` */
export async function served(
  home: string,
  providers: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>,
  more: { readonly config?: string; readonly words?: readonly string[]; readonly log?: number } = {},
): Promise<Served> {
  const lines = Object.entries(providers).map(
    ([name, each]) => `  ${name}: ${JSON.stringify(typeof each === 'string' ? { baseUrl: each } : each)}`,
  )
  writeFileSync(join(home, 'config.yaml'), `providers:\n${lines.join('\n')}\n${more.config ?? ''}`)
  const { PATH = '', NODE_OPTIONS = '' } = process.env
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', PROGRAM, 'serve', '--port', '0', '--json', ...(more.words ?? [])],
    {
      stdio: ['ignore', 'pipe', more.log ?? 'pipe'],
      env: { PATH, NODE_OPTIONS, SPAREKEY_HOME: home, HOME: home },
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const parts: string[] = []
  child.stderr?.on('data', (part: Buffer) => parts.push(part.toString()))
  const exit = new Promise<number | string | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      parts.push(line)
      const found = /"url": "([^"]+)"/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    void exit.then((code) => reject(new Error(`ended with ${String(code)}: ${parts.join('')}`)))
  })
  return { url, process: child, said: () => parts.join('\n'), ended: () => exit }
}
