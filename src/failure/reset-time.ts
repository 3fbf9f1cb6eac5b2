import type { AnnouncedTimes } from './announced-times.ts'
import { clockReset } from './clock-reset.ts'
import { DURATION_SOURCE, MOMENT_SOURCE, parseDurationMs, parseMoment } from './durations.ts'
import type { Evidence, HeaderRecord } from './evidence.ts'
import { headerTimes } from './header-times.ts'
import { asRecord, type JsonRecord } from './json-text.ts'
import type { Layer } from './layers.ts'

/** Nothing that a provider announces lasts longer than a yearly plan; larger numbers are something else. */
const LONGEST_MS = 400 * 86_400_000

/**
 * Reads the times of a failure: fields of the body first, then headers, then prose.
 * A body knows which window it speaks of; a `retry-after` beside it is often a generic one (49031).
 */
export function readTimes(evidence: Evidence, layers: readonly Layer[], headers: HeaderRecord): AnnouncedTimes {
  const found =
    fromBody(layers, evidence.seenAtMs) ??
    headerTimes(headers, evidence.seenAtMs, evidence.model) ??
    fromProse(layers, evidence)
  return found === undefined ? {} : plausible(found, evidence.seenAtMs)
}

/** How long the announced times mean from the moment of the evidence; undefined when nothing was announced. */
export function announcedWaitMs(times: AnnouncedTimes, seenAtMs: number): number | undefined {
  if (times.retryAfterMs !== undefined) return times.retryAfterMs
  return times.resetAt === undefined ? undefined : Math.max(0, times.resetAt - seenAtMs)
}

function plausible({ retryAfterMs, resetAt, timeSource }: AnnouncedTimes, seenAtMs: number): AnnouncedTimes {
  const wait = retryAfterMs !== undefined && retryAfterMs >= 0 && retryAfterMs <= LONGEST_MS
  // A past reset stays: it says that the window is over, and the pool decides what that is worth.
  const reset = resetAt !== undefined && resetAt > 0 && resetAt <= seenAtMs + LONGEST_MS
  if (!wait && !reset) return {}
  return {
    ...(wait ? { retryAfterMs: Math.round(retryAfterMs) } : {}),
    ...(reset ? { resetAt: Math.round(resetAt) } : {}),
    ...(timeSource === undefined ? {} : { timeSource }),
  }
}

const WAIT_FIELDS = [
  'resets_in_seconds',
  'reset_after_seconds',
  'reset_seconds',
  'retry_after',
  'retry_after_seconds',
] as const
const WAIT_MS_FIELDS = ['retry_after_ms', 'retryAfterMs'] as const
const DELAY_FIELDS = ['retryDelay', 'quotaResetDelay'] as const
const RESET_FIELDS = [
  'resets_at',
  'reset_at',
  'resetsAt',
  'resetAt',
  'nextResetTime',
  'quotaResetTimeStamp',
  'reset_time',
] as const

function fromBody(layers: readonly Layer[], seenAtMs: number): AnnouncedTimes | undefined {
  for (const { object } of layers) {
    if (object === undefined) continue
    const times = fieldTimes(object, seenAtMs)
    if (times !== undefined) return times
  }
  return undefined
}

const TELLING = new Set<string>([
  ...WAIT_FIELDS,
  ...WAIT_MS_FIELDS,
  ...DELAY_FIELDS,
  ...RESET_FIELDS,
  'details',
  'metadata',
  'availability',
])

function fieldTimes(object: JsonRecord, seenAtMs: number): AnnouncedTimes | undefined {
  if (!tells(object)) return undefined
  const details = Array.isArray(object['details']) ? object['details'].slice(0, 20) : []
  const parts = [object, asRecord(object['metadata']), asRecord(object['availability']), ...details.map(asRecord)]
  let retryAfterMs: number | undefined
  let resetAt: number | undefined
  for (const part of parts.flatMap((each) => [each, asRecord(each?.['metadata'])])) {
    if (part === undefined) continue
    for (const field of WAIT_FIELDS) retryAfterMs ??= secondsOrDuration(part[field])
    for (const field of WAIT_MS_FIELDS) retryAfterMs ??= number(part[field])
    for (const field of DELAY_FIELDS) retryAfterMs ??= secondsOrDuration(part[field])
    for (const field of RESET_FIELDS) resetAt ??= momentOf(part[field], seenAtMs)
  }
  if (retryAfterMs === undefined && resetAt === undefined) return undefined
  return {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(resetAt === undefined ? {} : { resetAt }),
    timeSource: 'body',
  }
}

function tells(object: JsonRecord): boolean {
  for (const key of Object.keys(object)) if (TELLING.has(key)) return true
  return false
}

function secondsOrDuration(value: unknown): number | undefined {
  const seconds = number(value)
  if (seconds !== undefined) return seconds * 1000
  return typeof value === 'string' ? parseDurationMs(value) : undefined
}

function number(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined
}

/** Epoch ms, epoch seconds or seconds from now, told apart by size; ISO text, or a duration from now. */
export function momentOf(value: unknown, seenAtMs: number): number | undefined {
  const amount = number(value)
  if (amount !== undefined) {
    if (amount > 1e12) return amount
    if (amount > 1e9) return amount * 1000
    return amount > 0 ? seenAtMs + amount * 1000 : undefined
  }
  if (typeof value !== 'string') return undefined
  const waitMs = parseDurationMs(value)
  return waitMs === undefined ? parseMoment(value) : seenAtMs + waitMs
}

const WAIT_PROSE = new RegExp(
  `(?:try again|retry|retrying|resets?|reset|available|wait|come back|regain access)(?: (?:again|it|the request|your request|will|be|at least|please))*(?: (?:in|after|for|about|another|~))*[ :~]*(${DURATION_SOURCE})`,
  'i',
)
const MOMENT_PROSE = new RegExp(
  `(?:resets?(?: will)?(?: be)?(?: at| on)?|regain access on|available (?:again )?(?:at|on|after)|until|retry after|try again (?:at|after|on)|将(?:在|于))[ :]*(${MOMENT_SOURCE})`,
  'i',
)

/** How a command-line client prints a spent window: `usage limit reached|1777936568`. A code behind a bar has fewer digits. */
const EPOCH_PROSE = /\blimit reached\s?\|\s?(\d{10}(?:\d{3})?)(?!\d)/i

/** Providers whose zone-less times are Beijing time. Source: z.ai captures, 2026-02. */
const BEIJING = /^(?:zai|zhipu|bigmodel|glm|minimax|moonshot|kimi|alibaba|dashscope|volcengine|qwen)/

function fromProse(layers: readonly Layer[], evidence: Evidence): AnnouncedTimes | undefined {
  for (const { text, shape } of layers) {
    // Boilerplate of an error page promises nothing.
    if (shape === 'html' || !/\d/.test(text)) continue
    const named = momentOf(EPOCH_PROSE.exec(text)?.[1], evidence.seenAtMs) ?? clockReset(text, evidence.seenAtMs)
    if (named !== undefined) return { resetAt: named, timeSource: 'prose' }
    const moment = MOMENT_PROSE.exec(text)?.[1]
    if (moment !== undefined) {
      const resetAt = parseMoment(moment, BEIJING.test(evidence.provider) ? 480 : 0)
      if (resetAt !== undefined) return { resetAt, timeSource: 'prose' }
    }
    const wait = WAIT_PROSE.exec(text)?.[1]
    const retryAfterMs = wait === undefined ? undefined : parseDurationMs(wait.replace(/(?:,? and |, ?| )$/, ''))
    if (retryAfterMs !== undefined) return { retryAfterMs, timeSource: 'prose' }
  }
  return undefined
}
