import type { AnnouncedTimes } from './announced-times.ts'
import { parseDurationMs, parseMoment } from './durations.ts'
import type { HeaderRecord } from './evidence.ts'

/**
 * Reads the times that headers announce, the most telling first: an exhausted usage window, then `retry-after`, then an exhausted rate window.
 * A window that is not used up never decides, however near its reset (behaviour: never the longer window of two when its use is under 100 %).
 */
export function headerTimes(headers: HeaderRecord, seenAtMs: number): AnnouncedTimes | undefined {
  const window = codexWindow(headers, seenAtMs) ?? unifiedWindow(headers)
  const retryAfterMs = retryAfter(headers, seenAtMs)
  if (window === undefined && retryAfterMs === undefined) return rateWindow(headers)
  return {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(window === undefined ? {} : { resetAt: window }),
    timeSource: 'header',
  }
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

/** The reset of a Codex window at 100 %; the later one when both are. */
function codexWindow(headers: HeaderRecord, seenAtMs: number): number | undefined {
  let latest: number | undefined
  for (const name of ['primary', 'secondary']) {
    const used = Number(headers[`x-codex-${name}-used-percent`])
    if (!(used >= 100)) continue
    const after = positive(headers[`x-codex-${name}-reset-after-seconds`])
    const at = positive(headers[`x-codex-${name}-reset-at`])
    const resetAt = after === undefined ? (at === undefined ? undefined : at * 1000) : seenAtMs + after * 1000
    if (resetAt !== undefined && resetAt > (latest ?? 0)) latest = resetAt
  }
  return latest
}

/** Anthropic's unified windows: the rejected one's own reset, else the overall one. */
function unifiedWindow(headers: HeaderRecord): number | undefined {
  const prefix = 'anthropic-ratelimit-unified'
  if (headers[`${prefix}-status`] !== 'rejected') return undefined
  let latest: number | undefined
  for (const name of Object.keys(headers)) {
    const window = new RegExp(`^${prefix}-(\\w+)-status$`).exec(name)?.[1]
    if (window === undefined || window === 'overage' || headers[name] !== 'rejected') continue
    const reset = epoch(headers[`${prefix}-${window}-reset`])
    if (reset !== undefined && reset > (latest ?? 0)) latest = reset
  }
  return latest ?? epoch(headers[`${prefix}-reset`])
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
