import { toIsoText } from '../platform/clock.ts'
import type { CallRecord } from '../telemetry/call-record.ts'
import { type Column, fitTable } from './fit-table.ts'
import { spellDuration } from './spell.ts'
import type { Terminal } from './terminal.ts'

/** Widths that fit what calls usually hold: rows that come later stand under the first. */
const COLUMNS: readonly Column[] = [
  { title: '  time (UTC)', width: 12 },
  { title: 'call', width: 8 },
  { title: 'model', shrinks: true },
  { title: 'route', shrinks: true },
  { title: 'with', shrinks: true },
  { title: 'tries' },
  { title: 'outcome', width: 10 },
  { title: 'took' },
]
/** A table that grows cannot look ahead. */
const GROWING: Readonly<Record<string, number>> = { model: 14, route: 14, with: 10, outcome: 15, took: 7 }
const SHORT_ID = 8
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
  const table = growing ? COLUMNS.map((each) => ({ ...each, width: GROWING[each.title] ?? each.width ?? 0 })) : COLUMNS
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
  const route = last === undefined ? '-' : last.model === call.model ? last.provider : `${last.provider}/${last.model}`
  return [
    `${OUTCOME_SIGNS[call.outcome]} ${time}`,
    shortId(call.id),
    call.model,
    route,
    last?.credential ?? '-',
    String(call.attempts.length),
    outcomeWord(call),
    spellTook((call.endedAtMs ?? nowMs) - call.startedAtMs),
  ]
}
