import { spawn } from 'node:child_process'

const LARGEST_BYTES = 64 * 1024
/** What a command may take: a secret manager that asks somebody to touch a key must not hold a call for ever. */
export const SECRET_COMMAND_TIMEOUT_MS = 10_000
/** Our own key: no program that we start may see it. */
const OUR_KEY = 'SPAREKEY_KEY'

export type SecretCommandOutcome =
  | { readonly kind: 'said'; readonly text: string }
  /** Never quotes what the program said: nobody knows what it prints when it fails. */
  | { readonly kind: 'failed'; readonly why: string }

/**
 * Runs a secret manager's command without a shell and reads its standard output; standard error is thrown away.
 * It and whatever it started are killed at the timeout.
 * @param argv program and arguments
 */
export function runSecretCommand(
  argv: readonly string[],
  timeoutMs = SECRET_COMMAND_TIMEOUT_MS,
): Promise<SecretCommandOutcome> {
  const [program = '', ...words] = argv
  return new Promise((resolve) => {
    const { [OUR_KEY]: _ours, ...environment } = process.env
    // A group of its own on systems that have them: killing a wrapper must not leave the real program waiting.
    const grouped = process.platform !== 'win32'
    let child: ReturnType<typeof start>
    const start = () =>
      spawn(program, words, {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: environment,
        detached: grouped,
        windowsHide: true,
      })
    try {
      child = start()
    } catch {
      resolve({ kind: 'failed', why: 'it is no command that can be started' })
      return
    }
    const parts: Buffer[] = []
    let size = 0
    let ended = false
    const end = (outcome: SecretCommandOutcome) => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      resolve(outcome)
    }
    const kill = () => {
      try {
        if (grouped && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
        else child.kill('SIGKILL')
      } catch {
        // It has ended by itself.
      }
      // A grandchild that left the group may hold the pipe open: nobody waits for it.
      child.stdout.destroy()
    }
    const timer = setTimeout(() => {
      kill()
      end({ kind: 'failed', why: `it took longer than ${timeoutMs / 1000} s` })
    }, timeoutMs)
    child.stdout.on('data', (part: Buffer) => {
      parts.push(part)
      size += part.length
      if (size <= LARGEST_BYTES) return
      kill()
      end({ kind: 'failed', why: `it printed more than ${LARGEST_BYTES / 1024} KB` })
    })
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'ENOENT' ? 'there is no such program' : `it cannot be started (${error.code ?? 'error'})`
      end({ kind: 'failed', why })
    })
    child.once('close', (code, signal) => {
      if (code === 0) end({ kind: 'said', text: Buffer.concat(parts).toString('utf8') })
      else end({ kind: 'failed', why: code === null ? `it was ended by ${signal}` : `it ended with exit code ${code}` })
    })
  })
}
