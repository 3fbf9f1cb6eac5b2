import { nextReset } from '../../failure/calendar.ts'
import { asRecord } from '../../failure/json-text.ts'
import type { AccountReading, UsageProbe } from '../provider.ts'
import { amountOf, signedAmountOf, truthOf } from './amount.ts'
import { bearerGet } from './bearer-get.ts'
import { jsonBody } from './json-body.ts'
import { usageReading } from './usage-reading.ts'
import { usageWindow } from './usage-window.ts'

/** Periods after which a key's credit limit begins anew; months and weeks differ in length or first day. */
const PERIOD_MINUTES: Readonly<Record<string, number>> = { daily: 1440, weekly: 10_080 }

/**
 * `GET /key`: the key's own credit limit and the daily count of free models. The account's balance (`/credits`) is not readable with every key;
 * its shape is understood too, for relays that answer it. Source: OpenRouter docs, 2026-08.
 */
export const openRouterUsageProbe: UsageProbe = {
  request: bearerGet('/key'),
  read(status, _headers, text, nowMs) {
    const data = asRecord(jsonBody(status, text)?.['data'])
    if (data === undefined) return undefined
    const period = typeof data['limit_reset'] === 'string' ? data['limit_reset'] : ''
    const free = asRecord(data['free_model_daily_requests'])
    return usageReading(
      [
        usageWindow(
          {
            name: 'credits',
            limit: data['limit'],
            remaining: data['limit_remaining'],
            windowMinutes: Object.hasOwn(PERIOD_MINUTES, period) ? PERIOD_MINUTES[period] : undefined,
            reset: periodEnd(period, nowMs),
          },
          nowMs,
        ),
        free === undefined
          ? undefined
          : usageWindow(
              {
                name: 'free-requests',
                limit: free['limit'],
                remaining: free['remaining'],
                used: free['used'],
                windowMinutes: 1440,
                reset: nextReset('midnight-utc', nowMs),
                model: ':free',
                family: 'free_models',
              },
              nowMs,
            ),
      ],
      accountOf(data),
    )
  },
}

function periodEnd(period: string, nowMs: number): number | undefined {
  if (period === 'daily') return nextReset('midnight-utc', nowMs)
  return period === 'monthly' ? nextReset('month-utc', nowMs) : undefined
}

function accountOf(data: Readonly<Record<string, unknown>>): AccountReading | undefined {
  const total = amountOf(data['total_credits'])
  const used = amountOf(data['total_usage'])
  const balance = total === undefined || used === undefined ? signedAmountOf(data['limit_remaining']) : total - used
  const free = truthOf(data['is_free_tier'])
  if (balance === undefined && free === undefined) return undefined
  return {
    ...(free === undefined ? {} : { planType: free ? 'free' : 'paid' }),
    ...(balance === undefined ? {} : { credits: { hasCredits: balance > 0, unlimited: false, balance } }),
  }
}
