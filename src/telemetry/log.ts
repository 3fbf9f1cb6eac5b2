import { pino } from 'pino'
import { toIsoText } from '../platform/clock.ts'
import type { TelemetryEvent, TelemetryListener } from './events.ts'
import type { Redactor } from './redact.ts'

/** Where log lines go. */
export interface LogDestination {
  write(line: string): void
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
  const guarded: LogDestination = {
    write(line) {
      try {
        destination.write(line)
      } catch {
        // A log must not take the calls down with it.
      }
    },
  }
  const logger = pino({ level: settings.level ?? 'info', base: null, timestamp: false, messageKey: 'message' }, guarded)
  return {
    listener: (event) => {
      if (event.type === 'call_ended') logger.info(redactor.data(line(event)))
    },
    trouble: (message) => logger.warn({ event: 'trouble' }, redactor.text(message)),
  }
}

function line(event: Extract<TelemetryEvent, { type: 'call_ended' }>) {
  const { atMs, callId, outcome, label, durationMs, attempts } = event
  return {
    time: toIsoText(atMs),
    event: 'call',
    call: callId,
    outcome,
    ...(label === undefined ? {} : { label }),
    durationMs,
    attempts,
  }
}
