import type { CallJournal } from '../telemetry/call-journal.ts'
import type { CallRecord } from '../telemetry/call-record.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, printJson } from './context.ts'
import { followCalls } from './follow-calls.ts'
import { openJournalToRead } from './home-journal.ts'
import { printable } from './table.ts'
import { callJson } from './trace-json.ts'
import { traceStory } from './trace-story.ts'
import { shortId, traceTable } from './trace-table.ts'

export interface TraceOptions {
  readonly follow?: boolean
  readonly limit?: string
  readonly failed?: boolean
  /** Ends `--follow`, as Ctrl-C does. */
  readonly signal?: AbortSignal
}

const DEFAULT_LIMIT = 20
const LARGEST_LIMIT = 20_000
/** So many of several calls with the same beginning are named. */
const NAMED = 5

/** `sparekey trace`: the latest calls, the story of one, or new calls as they end. */
export async function trace(context: CliContext, wanted: string | undefined, options: TraceOptions): Promise<void> {
  const limit = readLimit(options.limit)
  const failedOnly = options.failed === true
  if (options.follow === true) {
    if (wanted !== undefined)
      throw new CliError(EXIT.usage, '--follow shows new calls', 'leave the id out, or leave --follow out')
    return followCalls(context, { failedOnly, before: limit ?? 0, signal: options.signal })
  }
  const journal = await openJournalToRead(context)
  try {
    if (wanted === undefined)
      list(context, journal?.latest({ limit: limit ?? DEFAULT_LIMIT, failedOnly }) ?? [], failedOnly)
    else tell(context, find(journal, wanted, failedOnly))
  } finally {
    journal?.close()
  }
}

function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= LARGEST_LIMIT) return limit
  throw new CliError(EXIT.usage, `--limit is a number from 1 to ${LARGEST_LIMIT}, not "${printable(text)}"`)
}

function list(context: CliContext, calls: readonly CallRecord[], failedOnly: boolean): void {
  const { terminal, platform } = context
  if (context.json) return printJson(context, { calls: calls.map(callJson) })
  if (calls.length === 0) {
    terminal.err(
      failedOnly
        ? 'no failed call is recorded'
        : 'no call is recorded yet: start "sparekey serve" and send one through it',
    )
    return
  }
  const { titles, lines } = traceTable(calls, terminal, platform.clock.now())
  for (const line of [titles, ...lines]) terminal.out(line)
}

function tell(context: CliContext, call: CallRecord): void {
  const { terminal, platform } = context
  if (context.json) return printJson(context, callJson(call))
  for (const line of traceStory(call, terminal, platform.clock.now())) terminal.out(line)
}

/** By id, by its beginning, or `last`. @throws CliError when there is none, or more than one */
function find(journal: CallJournal | undefined, wanted: string, failedOnly: boolean): CallRecord {
  const found = wanted === 'last' ? journal?.latest({ limit: 1, failedOnly }) : journal?.startingWith(wanted, NAMED + 1)
  const exact = found?.find(({ id }) => id === wanted)
  const first = exact ?? found?.[0]
  if (first === undefined) {
    throw new CliError(
      EXIT.failed,
      wanted === 'last'
        ? 'no such call is recorded yet'
        : `no call is recorded whose id begins with "${printable(wanted)}"`,
      'see "sparekey trace"; answers carry their id in x-sparekey-call, and the newest 20,000 calls of 7 days are kept',
    )
  }
  if (exact !== undefined || found?.length === 1) return first
  const some = (found ?? []).slice(0, NAMED).map(({ id }) => shortId(id))
  throw new CliError(
    EXIT.failed,
    `several calls begin with "${printable(wanted)}": ${some.join(', ')}${(found?.length ?? 0) > NAMED ? ', ...' : ''}`,
    'type more of the id',
  )
}
