import { toIsoText } from '../platform/clock.ts'
import type { CredentialQuota, KnownWindow } from '../pool/quota.ts'
import { spellDuration } from './spell.ts'
import { printable } from './table.ts'

/** What is known of the windows of one credential: each with where and when it was read. */
type Quota = Omit<CredentialQuota, 'credentialId'>

/** One line about a window; the tone only repeats what the words say. */
export interface QuotaLine {
  readonly text: string
  readonly tone: 'good' | 'low' | 'used_up' | 'aside'
}

const LOW_FROM_PERCENT = 80
const BAR_WIDTHS = [10, 5] as const
const LONGEST_NAME = 24
const SOURCES = { header: 'header', usage: 'usage endpoint' } as const

/**
 * The windows as bars, `5h  ▓▓▓▓▓▓▓░░░  72 % used, resets in 2 h 10 min (header, 3 min ago)`, none longer than `columns`:
 * where room is short, first the source moves to a line of its own, then the bars shrink.
 */
export function quotaLines(quota: Quota, nowMs: number, columns: number, indent = 7): readonly QuotaLine[] {
  const room = columns - indent
  const names = quota.windows.map(nameOf)
  const widest = Math.max(0, ...names.map((name) => name.length))
  const words = quota.windows.map((window) => wordsOf(window, nowMs))
  const longest = Math.max(0, ...words.map((text) => text.length))
  const seen = quota.windows.map(({ source, readAtMs }) => `${SOURCES[source]}, ${ageOf(readAtMs, nowMs)}`)
  const beside = Math.max(0, ...seen.map((text) => text.length)) + 3
  const fits = (bar: number, more: number) => widest + 2 + bar + 2 + longest + more <= room
  const withSeen = BAR_WIDTHS.find((bar) => fits(bar, beside))
  const bar = withSeen ?? BAR_WIDTHS.find((width) => fits(width, 0)) ?? 5
  const lines = quota.windows.map((window, index): QuotaLine => {
    const text = `${(names[index] ?? '').padEnd(widest)}  ${barOf(window, nowMs, bar)}  ${words[index] ?? ''}`
    return { text: withSeen === undefined ? text : `${text} (${seen[index] ?? ''})`, tone: toneOf(window, nowMs) }
  })
  const asides = [
    ...(quota.planType === undefined ? [] : [`plan ${printable(quota.planType)}`]),
    ...(quota.creditsBalance === undefined ? [] : [`credits ${quota.creditsBalance}`]),
    ...(withSeen === undefined ? [`read from ${[...new Set(seen)].join('; ')}`] : []),
  ]
  const all = [...lines, { text: asides.join('; '), tone: 'aside' as const }].filter(({ text }) => text !== '')
  return all.map(({ text, tone }) => ({ text: cut(' '.repeat(indent) + text, columns), tone }))
}

/** The same for `--json`: stable keys. */
export function quotaJson(quota: Quota | undefined) {
  if (quota === undefined) return null
  return {
    windows: quota.windows.map(({ name, usedPercent, windowMinutes, resetAt, model, source, readAtMs }) => ({
      name,
      used_percent: usedPercent,
      window_minutes: windowMinutes ?? null,
      reset_at: resetAt === undefined ? null : toIsoText(resetAt),
      model: model ?? null,
      source,
      read_at: toIsoText(readAtMs),
    })),
    plan_type: quota.planType ?? null,
    credits_balance: quota.creditsBalance ?? null,
  }
}

/** How long ago, in words. */
export function ageOf(atMs: number, nowMs: number): string {
  return nowMs - atMs < 1_000 ? 'just now' : `${spellDuration(nowMs - atMs)} ago`
}

function nameOf({ name, model }: KnownWindow): string {
  return cut(printable(model === undefined ? name : `${name} ${model}`), LONGEST_NAME)
}

/** A reading from before a reset says nothing about what is used now. */
function isOver({ resetAt }: KnownWindow, nowMs: number): boolean {
  return resetAt !== undefined && resetAt <= nowMs
}

function wordsOf(window: KnownWindow, nowMs: number): string {
  if (isOver(window, nowMs)) return 'was reset since the last reading'
  const { usedPercent } = window
  const used = `${usedPercent < 100 ? Math.min(99, Math.round(usedPercent)) : Math.round(usedPercent)} % used`
  return window.resetAt === undefined ? used : `${used}, resets in ${spellDuration(window.resetAt - nowMs)}`
}

/** Full only when all is used, empty only when nothing is: 99.6 % is not the end. */
function barOf(window: KnownWindow, nowMs: number, width: number): string {
  const share = isOver(window, nowMs) ? 0 : Math.min(1, Math.max(0, window.usedPercent / 100))
  const rounded = Math.round(share * width)
  const filled = share > 0 && share < 1 ? Math.min(width - 1, Math.max(1, rounded)) : rounded
  return '▓'.repeat(filled) + '░'.repeat(width - filled)
}

function toneOf(window: KnownWindow, nowMs: number): QuotaLine['tone'] {
  if (isOver(window, nowMs) || window.usedPercent < LOW_FROM_PERCENT) return 'good'
  return window.usedPercent < 100 ? 'low' : 'used_up'
}

function cut(text: string, columns: number): string {
  return text.length > columns ? `${text.slice(0, Math.max(1, columns - 1))}…` : text
}
