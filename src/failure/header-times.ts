import type { AnnouncedTimes } from './announced-times.ts'
import { codexReset } from './codex-limits.ts'
import { parseDurationMs, parseMoment } from './durations.ts'
import type { HeaderRecord } from './evidence.ts'

/**
 * Reads the times that headers announce, the most telling first: an exhausted usage window, then `retry-after`, then an exhausted rate window.
 * A window that is not used up never decides, however near its reset (behaviour: never the longer window of two when its use is under 100 %).
 */
export function headerTimes(headers: HeaderRecord, seenAtMs: number, model?: string): AnnouncedTimes | undefined {
  if (!Object.keys(headers).some(tellsTimes)) return undefined
  const window = codexReset(headers, model, seenAtMs) ?? unifiedWindow(headers)
  const retryAfterMs = retryAfter(headers, seenAtMs)
  if (window === undefined && retryAfterMs === undefined) return rateWindow(headers)
  return {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(window === undefined ? {} : { resetAt: window }),
    timeSource: 'header',
  }
}

/** Every header that is read below has one of these words in its name. */
function tellsTimes(name: string): boolean {
  return (
    name.includes('retry-after') ||
    name.includes('-used-percent') ||
    name.includes('ratelimit') ||
    name.includes('rate-limit')
  )
}

function retryAfter(headers: HeaderRecord, seenAtMs: number): number | undefined {
  const ms = positive(headers['retry-after-ms'])
  if (ms !== undefined) return ms
  const text = headers['retry-after']
  if (text === undefined) return undefined
  const seconds = positive(text)
  if (seconds !== undefined) return seconds * 1000
  // `Date.parse` takes almost anything that holds a digit for a date.
  const date = /^[a-z]{3},? /i.test(text.trim()) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? parseDurationMs(text) : Math.max(0, date - seenAtMs)
}

/** Which window a claim names; the per-model ones have no headers of their own. */
const CLAIMED: Readonly<Record<string, string>> = {
  five_hour: '5h',
  seven_day: '7d',
  seven_day_overage_included: '7d_oi',
}

/** Anthropic's unified windows: the account's rejected ones (the later of two), else the claimed one, else any rejected one, else the overall reset. */
function unifiedWindow(headers: HeaderRecord): number | undefined {
  const prefix = 'anthropic-ratelimit-unified'
  const overall = headers[`${prefix}-status`]
  if (overall !== undefined && overall !== 'rejected') return undefined
  const reset = (window: string | undefined) => epoch(headers[`${prefix}-${window}-reset`])
  const rejected = Object.keys(headers).flatMap((name) => {
    const window = UNIFIED_STATUS.exec(name)?.[1]
    return window === undefined || window === 'overage' || headers[name] !== 'rejected' ? [] : [window]
  })
  // A window of some models (`7d_oi`) says nothing about when the account is back.
  const account = latest(rejected.filter((window) => !window.includes('_')).map(reset))
  if (account !== undefined) return account
  const claim = headers[`${prefix}-representative-claim`] ?? ''
  const claimed = Object.hasOwn(CLAIMED, claim) ? reset(CLAIMED[claim]) : undefined
  return claimed ?? latest(rejected.map(reset)) ?? epoch(headers[`${prefix}-reset`])
}

const UNIFIED_STATUS = /^anthropic-ratelimit-unified-(\w+)-status$/

function latest(moments: ReadonlyArray<number | undefined>): number | undefined {
  const known = moments.filter((moment) => moment !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** The reset of the first rate window with nothing left. */
function rateWindow(headers: HeaderRecord): AnnouncedTimes | undefined {
  for (const [name, value] of Object.entries(headers)) {
    const azure = /^x-rate-limit-reset-(?:tokens|requests)$/.test(name) ? positive(value) : undefined
    if (azure !== undefined) return { retryAfterMs: azure * 1000, timeSource: 'header' }
    const match = /^((?:x-|anthropic-)?ratelimit)-remaining(-[a-z-]+)?$|^(anthropic-ratelimit-[a-z-]+)-remaining$/.exec(
      name,
    )
    if (match === null || Number(value) !== 0) continue
    const reset = match[3] === undefined ? headers[`${match[1]}-reset${match[2] ?? ''}`] : headers[`${match[3]}-reset`]
    const times = reset === undefined ? undefined : windowEnd(reset)
    if (times !== undefined) return { ...times, timeSource: 'header' }
  }
  return undefined
}

/** A duration (`6m0s`, `12`) or a moment (epoch seconds or ms, ISO text). */
function windowEnd(text: string): AnnouncedTimes | undefined {
  const amount = positive(text)
  if (amount !== undefined && amount <= 1e9) return { retryAfterMs: amount * 1000 }
  const durationMs = amount === undefined ? parseDurationMs(text) : undefined
  if (durationMs !== undefined) return { retryAfterMs: durationMs }
  const resetAt = epoch(text)
  return resetAt === undefined ? undefined : { resetAt }
}

function epoch(text: string | undefined): number | undefined {
  const amount = positive(text)
  if (amount === undefined) return text === undefined ? undefined : parseMoment(text)
  return amount > 1e12 ? amount : amount * 1000
}

function positive(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*\d+(?:\.\d+)?\s*$/.test(text)) return undefined
  return Number(text)
}
