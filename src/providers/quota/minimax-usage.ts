import { asRecord, type JsonRecord } from '../../failure/json-text.ts'
import type { QuotaWindow, UsageProbe } from '../provider.ts'
import { amountOf } from './amount.ts'
import { bearerGet } from './bearer-get.ts'
import { jsonBody, recordsOf } from './json-body.ts'
import { modelSlug } from './model-slug.ts'
import { usageReading } from './usage-reading.ts'
import { usageWindow } from './usage-window.ts'
import { windowName } from './window-name.ts'

const WEEK_MINUTES = 10_080

/**
 * `GET /v1/api/openplatform/coding_plan/remains`, answered on the API's own host too. `*_usage_count` is what REMAINS, misnamed;
 * newer answers give percentages left. Video and speech have rows of their own. Source: captures of 2026-03 to 2026-10.
 */
export const miniMaxUsageProbe: UsageProbe = {
  request: bearerGet('/v1/api/openplatform/coding_plan/remains', /\/(?:v1|anthropic(?:\/v1)?)$/),
  read(status, _headers, text, nowMs) {
    const body = jsonBody(status, text)
    // Failures ride in HTTP 200 here.
    const code = amountOf(asRecord(body?.['base_resp'])?.['status_code'])
    if (body === undefined || (code !== undefined && code !== 0)) return undefined
    const windows: Array<QuotaWindow | undefined> = []
    for (const row of recordsOf(body['model_remains'])) {
      const scope = scopeOf(row['model_name'])
      if (scope === undefined) continue
      windows.push(windowOf(row, 'current_interval', intervalMinutes(row), row['end_time'], scope, nowMs))
      // 1: the plan has a weekly limit; absent in older answers, which then have no weekly numbers either.
      if ((amountOf(row['current_weekly_status']) ?? 1) === 1)
        windows.push(windowOf(row, 'current_weekly', WEEK_MINUTES, row['weekly_end_time'], scope, nowMs))
    }
    return usageReading(windows)
  },
}

/** `general` (before: `MiniMax-M*`) is every text model; other rows name a model, sometimes with a star at its end. */
function scopeOf(name: unknown): Pick<QuotaWindow, 'model' | 'family'> | undefined {
  if (typeof name !== 'string' || /^(?:general|minimax-m\*)$/i.test(name)) return {}
  const model = modelSlug(name.replace(/\*$/, '')) ?? 'unnamed'
  return /^(?:video|audio|speech|music|image|hailuo)/.test(model) ? undefined : { model, family: model }
}

function windowOf(
  row: JsonRecord,
  prefix: string,
  minutes: number | undefined,
  reset: unknown,
  scope: Pick<QuotaWindow, 'model' | 'family'>,
  nowMs: number,
) {
  const left = amountOf(row[`${prefix}_remaining_percent`])
  return usageWindow(
    {
      name: windowName(minutes) ?? 'interval',
      usedPercent: left === undefined || left > 100 ? undefined : 100 - left,
      // Beside percentages the counts mean something else again.
      ...(left === undefined ? { limit: row[`${prefix}_total_count`], remaining: row[`${prefix}_usage_count`] } : {}),
      reset,
      windowMinutes: minutes,
      ...scope,
    },
    nowMs,
  )
}

function intervalMinutes(row: JsonRecord): number | undefined {
  const start = amountOf(row['start_time'])
  const end = amountOf(row['end_time'])
  if (start === undefined || end === undefined || end <= start) return undefined
  return (end - start) / (end > 1e12 ? 60_000 : 60)
}
