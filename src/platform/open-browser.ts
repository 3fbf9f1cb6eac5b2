import { spawn } from 'node:child_process'
import type { Environment } from './environment.ts'

/** Whether a browser that is opened here would be seen by whoever types. */
export function hasBrowser(environment: Environment): boolean {
  if (environment.read('SSH_CONNECTION') !== undefined || environment.read('SSH_TTY') !== undefined) return false
  if (process.platform === 'darwin' || process.platform === 'win32') return true
  return ['DISPLAY', 'WAYLAND_DISPLAY', 'BROWSER'].some((name) => environment.read(name) !== undefined)
}

/**
 * Opens a link in the user's browser, without a shell.
 * @returns false when there is no program for it
 */
export function openBrowser(url: string, environment: Environment): Promise<boolean> {
  const [program, words] = opener(url, environment.read('BROWSER'))
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: 'ignore', detached: true })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}

function opener(url: string, chosen: string | undefined): readonly [program: string, words: string[]] {
  if (chosen !== undefined) return [chosen, [url]]
  if (process.platform === 'darwin') return ['open', [url]]
  if (process.platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', url]]
  return ['xdg-open', [url]]
}
