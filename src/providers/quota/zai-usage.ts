import { asRecord } from '../../failure/json-text.ts'
import type { QuotaWindow, UsageProbe } from '../provider.ts'
import { amountOf, truthOf } from './amount.ts'
import { bearerGet } from './bearer-get.ts'
import { jsonBody, recordsOf } from './json-body.ts'
import { usageReading } from './usage-reading.ts'
import { usageWindow } from './usage-window.ts'
import { windowName } from './window-name.ts'

/** `unit` of a limit; 5 means months for one limit and minutes for another and is not read. Source: captures, 2026-11. */
const UNIT_MINUTES: Readonly<Record<number, number>> = { 1: 1440, 3: 60, 6: 10_080 }

/**
 * `GET /api/monitor/usage/quota/limit` of the coding plan; it may answer 200 with `success: false`.
 * `TIME_LIMIT` counts searches and other tools of the plan, not calls of models, and is left out.
 */
export const zaiUsageProbe: UsageProbe = {
  request: bearerGet('/api/monitor/usage/quota/limit', /\/(?:api\/(?:coding\/)?)?(?:paas\/v\d+|anthropic)$/),
  read(status, _headers, text, nowMs) {
    const body = jsonBody(status, text)
    const data = asRecord(body?.['data'])
    if (data === undefined || truthOf(body?.['success']) === false) return undefined
    const windows: Array<QuotaWindow | undefined> = []
    for (const limit of recordsOf(data['limits'])) {
      const { type } = limit
      if (typeof type !== 'string' || type.toUpperCase() !== 'TOKENS_LIMIT') continue
      const unit = UNIT_MINUTES[amountOf(limit['unit']) ?? 0]
      const minutes = unit === undefined ? undefined : unit * (amountOf(limit['number']) ?? 1)
      windows.push(
        usageWindow(
          {
            name: windowName(minutes) ?? 'tokens',
            usedPercent: limit['percentage'],
            limit: limit['usage'],
            used: limit['currentValue'],
            remaining: limit['remaining'],
            reset: limit['nextResetTime'],
            windowMinutes: minutes,
          },
          nowMs,
        ),
      )
    }
    const level = data['level']
    return usageReading(
      windows,
      typeof level === 'string' && level !== '' ? { planType: level.slice(0, 100) } : undefined,
    )
  },
}
