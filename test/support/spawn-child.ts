import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const SCRIPT = fileURLToPath(new URL('./store-child.ts', import.meta.url))

export interface Child {
  readonly process: ChildProcess
  /** The next line it says, parsed; `undefined` after the last. */
  next(): Promise<unknown>
  go(): void
  /** @returns its exit code, or the signal that ended it */
  ended(): Promise<number | string | null>
}

/** Starts `store-child.ts` as a real process. @param wrap a command that runs it, e.g. a shell with a limit */
export function storeChild(
  task: string,
  home: string,
  count: number | string = 0,
  wrap: readonly string[] = [],
): Child {
  const [command = '', ...rest] = [...wrap, process.execPath, '--import', 'tsx', SCRIPT, task, home, String(count)]
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exit = new Promise<number | string | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    async next() {
      const line = await lines.next()
      return line.done ? undefined : (JSON.parse(line.value) as unknown)
    },
    go: () => void child.stdin.end('go\n'),
    ended: () => exit,
  }
}
