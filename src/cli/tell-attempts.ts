import type { Terminal } from './terminal.ts'
import type { TelemetryEvent } from '../telemetry/events.ts'
import { spellDuration } from './spell.ts'
import { wrap } from './table.ts'

/** Tells the attempts of calls as they happen, one line each and the reason beneath. @returns takes events */
export function tellAttempts(terminal: Terminal, indent = 5): (event: TelemetryEvent) => void {
  const { colors } = terminal
  const pad = ' '.repeat(indent)
  return (event) => {
    switch (event.type) {
      case 'attempt_failed': {
        const mark = colors.red('✗')
        terminal.out(`${pad}${mark} ${colors.bold(event.credentialLabel.padEnd(8))} ${colors.red(event.label)}`)
        const inside =
          event.status === 200 ? ' (inside HTTP 200)' : event.status === undefined ? '' : ` (HTTP ${event.status})`
        terminal.out(colors.dim(wrap(`"${event.message}"${inside}`, terminal.columns, indent + 11)))
        if (event.benchedUntilMs !== undefined)
          terminal.out(
            colors.dim(
              wrap(`benched for ${spellDuration(event.benchedUntilMs - event.atMs)}`, terminal.columns, indent + 11),
            ),
          )
        return
      }
      case 'decided':
        terminal.out(
          colors.dim(
            `${pad}           -> ${event.action === 'surface' ? 'tell the client' : event.action.replace('_', ' ')}${event.delayMs === undefined ? '' : ` in ${spellDuration(event.delayMs)}`}`,
          ),
        )
        return
      case 'attempt_succeeded':
        terminal.out(
          `${pad}${colors.green('✓')} ${colors.bold(event.credentialLabel.padEnd(8))} ${colors.green('answered')} in ${Math.max(1, Math.round(event.durationMs))} ms`,
        )
        return
      default:
    }
  }
}
