import { toIsoText } from '../platform/clock.ts'
import type { CallRecord } from '../telemetry/call-record.ts'
import { type Column, fitTable } from './fit-table.ts'
import { spellDuration } from './spell.ts'
import type { Terminal } from './terminal.ts'

const COLUMNS: readonly Column[] = [
  { title: '  UTC', width: 10 },
  { title: 'call' },
  { title: 'model', shrinks: true },
  { title: 'route', shrinks: true },
  { title: 'with', shrinks: true },
  { title: 'try' },
  { title: 'outcome', width: 8 },
  { title: 'took' },
]
/** A table that grows cannot look ahead: names share what room there is. */
const GROWING: Readonly<Record<string, number>> = { call: 6, model: 24, route: 30, with: 20, outcome: 15, took: 7 }
/** Among 20,000 calls two with the same beginning are rare, and `trace` says so. */
const SHORT_ID = 6
const DAY_MS = 24 * 60 * 60 * 1000

/** The sign before the words; it says the same without colour. */
export const OUTCOME_SIGNS = { answered: '✓', failed: '✗', cancelled: '-', running: '…' } as const

/** @param growing rows come one by one and keep the widths of the first */
export function traceTable(
  calls: readonly CallRecord[],
  { colors, columns }: Pick<Terminal, 'colors' | 'columns'>,
  nowMs: number,
  growing = false,
): { readonly titles: string; readonly lines: readonly string[] } {
  const table = growing
    ? COLUMNS.map((each) => ({ ...each, fixed: each.shrinks === true, width: GROWING[each.title] ?? each.width ?? 0 }))
    : COLUMNS
  const { titles, lines } = fitTable(
    table,
    calls.map((call) => rowOf(call, nowMs)),
    columns,
  )
  const tones = { answered: (text: string) => text, failed: colors.red, cancelled: colors.dim, running: colors.yellow }
  return {
    titles: colors.dim(titles),
    lines: lines.map((line, index) => tones[calls[index]?.outcome ?? 'answered'](line)),
  }
}

/** The shortest that people need to type: `trace` takes any beginning of an id. */
export function shortId(id: string): string {
  return id.replace(/^call_/, '').slice(0, SHORT_ID)
}

/** How a call went, in one word: its label when it failed. */
export function outcomeWord({ outcome, label }: Pick<CallRecord, 'outcome' | 'label'>): string {
  return outcome === 'failed' ? (label ?? 'failed') : outcome
}

/** `840 ms`, `12.3 s`, then as people say it. */
export function spellTook(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : spellDuration(ms)
}

function rowOf(call: CallRecord, nowMs: number): readonly string[] {
  const last = call.attempts.at(-1)
  const at = toIsoText(call.startedAtMs)
  const time = nowMs - call.startedAtMs < DAY_MS ? at.slice(11, 19) : at.slice(5, 16).replace('T', ' ')
  const route = `${last?.provider ?? '-'}/${last?.model ?? '-'}`
  const sameModel = last === undefined || last.model === call.model || route === call.model
  return [
    `${OUTCOME_SIGNS[call.outcome]} ${time}`,
    shortId(call.id),
    call.model,
    sameModel ? (last?.provider ?? '-') : route,
    last?.credential ?? '-',
    String(call.attempts.length),
    outcomeWord(call),
    spellTook((call.endedAtMs ?? nowMs) - call.startedAtMs),
  ]
}
