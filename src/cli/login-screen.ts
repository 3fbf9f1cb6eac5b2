import type { Platform } from '../platform/platform.ts'
import type { CliContext } from './context.ts'
import { qrCode } from './qr-code.ts'
import { spellDuration, spellMoment } from './spell.ts'
import { wrap } from './table.ts'

/** What people see while a login waits for them. */
export interface LoginScreen {
  device(prompt: { readonly url: string; readonly userCode: string; readonly expiresAtMs: number }): void
  browser(prompt: { readonly url: string; readonly expiresAtMs: number }, opened: Promise<boolean>): Promise<void>
  /** Takes the changing line away. */
  close(): void
}

/** With `--json` everything for people goes to the error stream, so that the result stays one document. */
export function loginScreen(context: CliContext, providerLabel: string): LoginScreen {
  const { terminal, platform } = context
  const { colors, columns, interactive } = terminal
  const say = (text: string) => (context.json ? terminal.err(text) : terminal.out(text))
  let stop = () => {}
  const count = (expiresAtMs: number) => {
    if (!interactive || context.json) {
      say(`Waiting until ${spellMoment(expiresAtMs)} for the approval.`)
      return
    }
    stop = everySecond(platform, () => {
      const left = spellDuration(expiresAtMs - platform.clock.now())
      terminal.live(`Waiting for the approval, ${left} left. Ctrl-C cancels.`)
    })
  }
  return {
    device({ url, userCode, expiresAtMs }) {
      say(`Sign in to ${colors.bold(providerLabel)}, on this or any other device:`)
      say('')
      if (interactive && !context.json) {
        const lines = qrCode(url, terminal)
        for (const line of lines) say(`${line}`)
        if (lines.length > 0) say('')
      }
      say(`  1. open   ${colors.cyan(url)}`)
      say(`  2. enter  ${colors.bold(userCode)}`)
      say('')
      say(colors.dim(wrap('Type the code only on that page, and only if you started this login yourself.', columns)))
      count(expiresAtMs)
    },
    async browser({ url, expiresAtMs }, opened) {
      const what = (await opened)
        ? 'in the browser that has just opened. If none did, open this link:'
        : 'with a browser on this machine (elsewhere: --device). Open this link:'
      say(wrap(`Sign in to ${providerLabel} ${what}`, columns))
      say('')
      // In one piece: a broken link cannot be clicked or copied.
      say(colors.cyan(url))
      say('')
      count(expiresAtMs)
    },
    close() {
      stop()
      terminal.live('')
    },
  }
}

function everySecond(platform: Platform, show: () => void): () => void {
  show()
  return platform.timers.every(1000, show, { unref: true })
}
