import { asRecord } from '../../failure/json-text.ts'
import type { QuotaWindow, UsageProbe } from '../provider.ts'
import { amountOf } from './amount.ts'
import { bearerGet } from './bearer-get.ts'
import { jsonBody, recordsOf } from './json-body.ts'
import { usageReading } from './usage-reading.ts'
import { usageWindow } from './usage-window.ts'
import { windowName } from './window-name.ts'

const UNIT_MINUTES: ReadonlyArray<readonly [word: RegExp, minutes: number]> = [
  [/minute/i, 1],
  [/hour/i, 60],
  [/day/i, 1440],
  [/week/i, 10_080],
]
const WEEK_MINUTES = 10_080

/** `GET /usages`: the plan's week, and shorter limits beside it; numbers may be texts. Source: kimi-code and captures, 2026-11. */
export const kimiCodeUsageProbe: UsageProbe = {
  request: bearerGet('/usages'),
  read(status, _headers, text, nowMs) {
    const body = jsonBody(status, text)
    if (body === undefined) return undefined
    const windows = [windowOf(body['usage'], WEEK_MINUTES, nowMs)]
    for (const { window, detail } of recordsOf(body['limits'])) windows.push(windowOf(detail, minutesOf(window), nowMs))
    return usageReading(windows)
  },
}

function windowOf(value: unknown, minutes: number | undefined, nowMs: number): QuotaWindow | undefined {
  const detail = asRecord(value)
  if (detail === undefined) return undefined
  const { limit, used, remaining } = detail
  const reset = detail['resetTime'] ?? detail['reset_time'] ?? detail['resetAt']
  return usageWindow(
    {
      name: windowName(minutes) ?? 'limit',
      limit,
      used,
      remaining,
      reset: withoutNanoseconds(reset),
      windowMinutes: minutes,
    },
    nowMs,
  )
}

function minutesOf(value: unknown): number | undefined {
  const window = asRecord(value)
  const duration = amountOf(window?.['duration'])
  const unit = window?.['timeUnit']
  if (duration === undefined || typeof unit !== 'string') return undefined
  const minutes = UNIT_MINUTES.find(([word]) => word.test(unit))?.[1]
  return minutes === undefined ? undefined : duration * minutes
}

/** Go prints nine digits of a second and sometimes more than a parser takes. */
function withoutNanoseconds(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/(\.\d{3})\d+/, '$1') : value
}
