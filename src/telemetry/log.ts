import { toIsoText } from '../platform/clock.ts'
import type { AttemptRecord, TelemetryEvent, TelemetryListener } from './events.ts'
import type { Redactor } from './redact.ts'

/** Where log lines go. */
export interface LogDestination {
  write(line: string): void
  /** Writes what it gathers, where it does. */
  flush?(): void
}

/** A log that writes one JSON line for each ended call, with all its attempts, and one for each trouble. */
export interface CallLog {
  readonly listener: TelemetryListener
  trouble(message: string): void
}

/**
 * @param level `silent` writes nothing. @default info
 * @param destination a closed or full one loses lines, never calls
 */
export function createLog(settings: {
  readonly destination: LogDestination
  readonly redactor: Redactor
  readonly level?: 'info' | 'silent'
}): CallLog {
  const { redactor, destination } = settings
  const silent = settings.level === 'silent'
  const write = (line: object, now = false) => {
    try {
      destination.write(`${JSON.stringify(line)}\n`)
      if (now) destination.flush?.()
    } catch {
      // A log must not take the calls down with it.
    }
  }
  return {
    listener: (event) => {
      if (event.type === 'call_ended' && !silent) write(lineOf(event, redactor))
    },
    trouble: (message) => {
      // Who looks for the cause of a trouble wants it at once, and behind the calls before it.
      if (!silent) write({ level: WARN, event: 'trouble', message: redactor.text(message) }, true)
    },
  }
}

/** Levels as pino and its readers number them. */
const INFO = 30
const WARN = 40

function lineOf(event: Extract<TelemetryEvent, { type: 'call_ended' }>, redactor: Redactor) {
  const { atMs, callId, outcome, label, durationMs, attempts, fallbackReason, meteredFallback } = event
  return {
    // Money that nobody meant to spend is looked for among warnings.
    level: meteredFallback === undefined ? INFO : WARN,
    time: toIsoText(atMs),
    event: 'call',
    call: redactor.text(callId),
    outcome,
    ...(label === undefined ? {} : { label }),
    durationMs,
    ...(fallbackReason === undefined ? {} : { fallback: redactor.text(fallbackReason) }),
    ...(meteredFallback === undefined ? {} : { metered: redactor.text(meteredFallback) }),
    attempts: attempts.map((attempt) => clean(attempt, redactor)),
  }
}

/** An attempt is flat: it need not be walked as data of any shape. */
function clean(attempt: AttemptRecord, redactor: Redactor): Record<string, string | number> {
  const copy: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(attempt) as [string, string | number | undefined][])
    if (value !== undefined) copy[name] = typeof value === 'string' ? redactor.text(value) : value
  return copy
}
