import type { Timers } from '../platform/timers.ts'
import type { LogDestination } from './log.ts'

/** What dies with a killed process: the lines of this long. */
const GATHER_MS = 20
/** So many characters are written at once. */
const MOST_GATHERED = 64 * 1024

/** A destination whose lines come in handfuls: one write for each line is a twentieth of what a busy gateway does. */
export interface GatheredLines extends LogDestination {
  /** Writes what is there. Must be called before the process ends. */
  flush(): void
}

/** @param write given whole lines, each with its end */
export function gatherLines(write: (lines: string) => void, timers: Timers): GatheredLines {
  let lines = ''
  let cancelTimer: (() => void) | undefined
  const flush = () => {
    cancelTimer?.()
    cancelTimer = undefined
    const gathered = lines
    lines = ''
    if (gathered !== '') write(gathered)
  }
  return {
    write(line) {
      lines += line
      if (lines.length >= MOST_GATHERED) return flush()
      cancelTimer ??= timers.after(GATHER_MS, flush, { unref: true })
    },
    flush,
  }
}
