import pico from 'picocolors'
import { type Environment, systemEnvironment } from '../platform/environment.ts'
import { type Screen, systemScreen } from './screen.ts'

/** Where a command writes. Everything that people see goes through here, so that tests see the same. */
export interface Terminal {
  readonly columns: number
  /** People are looking; without it nothing asks and nothing moves. */
  readonly interactive: boolean
  /** Block characters can be shown. */
  readonly unicode: boolean
  readonly colors: ReturnType<typeof pico.createColors>
  /** Somebody looks at the output, so that a picture may move on it. */
  readonly screen?: Screen
  out(text: string): void
  err(text: string): void
  /** Replaces the line that is changing while something waits; empty text takes it away. Nothing moves where nobody looks. */
  live(text: string): void
  /** Everything that comes on standard input. */
  readInput(): Promise<string>
  /** Asks for one line without showing it. @returns undefined when nobody can be asked */
  askHidden(question: string): Promise<string | undefined>
}

export function systemTerminal(environment: Environment = systemEnvironment): Terminal {
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true
  const columns = Math.max(40, process.stdout.columns ?? 80)
  const colors = pico.createColors(process.stdout.isTTY === true && pico.isColorSupported)
  const canErase = interactive && environment.read('TERM') !== 'dumb'
  const screen = systemScreen()
  return {
    ...(screen === undefined ? {} : { screen }),
    columns,
    interactive,
    unicode: isUnicode(environment),
    colors,
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    live: (text) => {
      // Cut before it is colored: half a color code would color all that follows.
      if (canErase) process.stdout.write(`\r\u001b[2K${text === '' ? '' : colors.dim(text.slice(0, columns - 1))}`)
    },
    async readInput() {
      const parts: Buffer[] = []
      for await (const part of process.stdin as AsyncIterable<Buffer>) parts.push(Buffer.from(part))
      return Buffer.concat(parts).toString('utf8')
    },
    askHidden: (question) => (interactive ? readHidden(question) : Promise.resolve(undefined)),
  }
}

function isUnicode(environment: Environment): boolean {
  if (process.platform === 'win32') return environment.read('WT_SESSION') !== undefined
  const locale = ['LC_ALL', 'LC_CTYPE', 'LANG'].map((name) => environment.read(name)).find((each) => each !== undefined)
  return process.platform === 'darwin' || /utf-?8/i.test(locale ?? '')
}

/** Reads one line in raw mode: nothing is echoed, Ctrl-C ends. */
function readHidden(question: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { stdin, stdout } = process
    stdout.write(question)
    stdin.setRawMode(true)
    stdin.resume()
    let typed = ''
    const onData = (chunk: Buffer) => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\u0003' || character === '\u0004' || character === '\r' || character === '\n') {
          stdin.off('data', onData)
          stdin.setRawMode(false)
          stdin.pause()
          stdout.write('\n')
          resolve(character === '\u0003' ? undefined : typed)
          return
        }
        if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1)
        else typed += character
      }
    }
    stdin.on('data', onData)
  })
}
