import type { CallJournal } from '../telemetry/call-journal.ts'
import type { CallRecord } from '../telemetry/call-record.ts'
import type { CliContext } from './context.ts'
import { openJournalToRead } from './home-journal.ts'
import { callJson } from './trace-json.ts'
import { traceTable } from './trace-table.ts'
import { untilStopped } from './until-stopped.ts'

const LOOK_EVERY_MS = 200
const MOST_AT_ONCE = 500

/**
 * Prints calls as they end, until Ctrl-C: rows for people, JSON Lines for programs.
 * @param options `before`: so many of the calls before are shown first
 */
export async function followCalls(
  context: CliContext,
  options: { readonly failedOnly: boolean; readonly before: number; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const stopped = new AbortController()
  void untilStopped(options.signal).then(() => stopped.abort())
  const { terminal, platform } = context
  const { failedOnly, before } = options
  const row = (call: CallRecord) => traceTable([call], terminal, platform.clock.now(), true).lines[0] ?? ''
  const show = (calls: readonly CallRecord[]) => {
    for (const call of calls) terminal.out(context.json ? JSON.stringify(callJson(call)) : row(call))
  }
  // A home without a journal gets one with its first call: then all of it is new.
  let journal = await openJournalToRead(context)
  let place = journal?.end() ?? 0
  if (!context.json) terminal.out(traceTable([], terminal, platform.clock.now(), true).titles)
  try {
    if (before > 0) show(endedBefore(journal, before, failedOnly))
    while (!stopped.signal.aborted) {
      journal ??= await openJournalToRead(context)
      const read = journal?.endedSince(place, { limit: MOST_AT_ONCE, failedOnly })
      show(read?.calls ?? [])
      place = read?.place ?? place
      if (read?.calls.length !== MOST_AT_ONCE) await platform.timers.sleep(LOOK_EVERY_MS, stopped.signal)
    }
  } finally {
    journal?.close()
  }
}

/** The latest calls that have ended, the earliest first. */
function endedBefore(journal: CallJournal | undefined, limit: number, failedOnly: boolean): readonly CallRecord[] {
  const latest = journal?.latest({ limit, failedOnly }) ?? []
  return latest.filter(({ outcome }) => outcome !== 'running').reverse()
}
