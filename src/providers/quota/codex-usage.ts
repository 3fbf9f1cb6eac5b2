import { asRecord, type JsonRecord } from '../../failure/json-text.ts'
import type { AccountReading, ProviderSecret, QuotaWindow, UsageProbe, UsageReading } from '../provider.ts'
import { amountOf, signedAmountOf, truthOf } from './amount.ts'
import { jsonBody, recordsOf } from './json-body.ts'
import { modelSlug } from './model-slug.ts'
import { momentOfReset } from './moment-of-reset.ts'
import { usageReading } from './usage-reading.ts'
import { usageWindow } from './usage-window.ts'
import { windowName } from './window-name.ts'

const MOST_MODELS = 200

/** `wham/usage` of the ChatGPT backend. Source: codex-rs backend-client, 2026-08; capture of 2026-09-07. */
export const codexUsageProbe: UsageProbe = { request, read }

function request({ token, accountId }: ProviderSecret, baseUrl: string) {
  const root = baseUrl.replace(/\/+$/, '').replace(/\/codex$/, '')
  return {
    url: root + (root.includes('/backend-api') ? '/wham/usage' : '/api/codex/usage'),
    headers: [
      ['authorization', `Bearer ${token}`] as const,
      ...(accountId === undefined ? [] : [['chatgpt-account-id', accountId] as const]),
      ['originator', 'sparekey'] as const,
      ['accept', 'application/json'] as const,
    ],
  }
}

function read(status: number, _headers: unknown, text: string, nowMs: number): UsageReading | undefined {
  const body = jsonBody(status, text)
  if (body === undefined) return undefined
  const windows = [...windowsOf(body['rate_limit'], {}, nowMs)]
  for (const extra of recordsOf(body['additional_rate_limits'])) {
    const family = typeof extra['metered_feature'] === 'string' ? extra['metered_feature'] : undefined
    const model = modelSlug(extra['normal_model_slug']) ?? modelSlug(extra['limit_name']) ?? family
    // A limit that does not say whose it is could only be taken for the account's.
    if (model === undefined) continue
    windows.push(...windowsOf(extra['rate_limit'], family === undefined ? { model } : { model, family }, nowMs))
  }
  const { returns, closed } = modelsOf(body['model_usage'], nowMs)
  // A budget that the workspace's owner set: no time is told.
  if (truthOf(asRecord(body['spend_control'])?.['reached']) === true)
    windows.push({ name: 'spend', usedPercent: 100, family: 'spend_control' })
  return usageReading([...windows, ...closed], accountOf(body), returns)
}

type Scope = Pick<QuotaWindow, 'model' | 'family'>

/** Lengths are seconds here and minutes in headers. */
function windowsOf(limit: unknown, scope: Scope, nowMs: number): readonly QuotaWindow[] {
  const status = asRecord(limit)
  if (status === undefined) return []
  const windows: QuotaWindow[] = []
  for (const place of ['primary', 'secondary']) {
    const window = asRecord(status[`${place}_window`])
    if (window === undefined) continue
    const minutes = (amountOf(window['limit_window_seconds']) ?? 0) / 60
    const reset = amountOf(window['reset_after_seconds']) ?? window['reset_at']
    const name = windowName(minutes) ?? place
    const found = usageWindow(
      { name, usedPercent: window['used_percent'], windowMinutes: minutes, reset, ...scope },
      nowMs,
    )
    if (found !== undefined) windows.push(found)
  }
  const closed = truthOf(status['limit_reached']) === true || truthOf(status['allowed']) === false
  return closed ? withFullest(windows) : windows
}

/** The backend says "reached" while percentages round down: the window nearest to its end is the one. */
function withFullest(windows: readonly QuotaWindow[]): readonly QuotaWindow[] {
  const most = Math.max(...windows.map(({ usedPercent }) => usedPercent))
  if (windows.length === 0 || most >= 100) return windows
  const fullest = windows.findIndex(({ usedPercent }) => usedPercent === most)
  return windows.map((window, index) => (index === fullest ? { ...window, usedPercent: 100 } : window))
}

/** Models that are away: with the moment of their return, or as a full window without one. */
function modelsOf(value: unknown, nowMs: number) {
  const returns: Array<readonly [string, number]> = []
  const closed: QuotaWindow[] = []
  for (const [slug, usage] of Object.entries(asRecord(value) ?? {}).slice(0, MOST_MODELS)) {
    const model = modelSlug(slug)
    const record = asRecord(usage)
    if (model === undefined || truthOf(record?.['available']) !== false) continue
    const returnsAt = momentOfReset(record?.['available_at'], nowMs)
    if (returnsAt === undefined) closed.push({ name: 'model', usedPercent: 100, model })
    else returns.push([model, returnsAt])
  }
  return { returns: Object.fromEntries(returns), closed }
}

function accountOf(body: JsonRecord): AccountReading | undefined {
  const plan = body['plan_type']
  const credits = asRecord(body['credits'])
  const hasCredits = truthOf(credits?.['has_credits'])
  const balance = signedAmountOf(credits?.['balance'])
  const account: AccountReading = {
    ...(typeof plan === 'string' && plan !== '' ? { planType: plan.slice(0, 100).toLowerCase() } : {}),
    ...(hasCredits === undefined
      ? {}
      : {
          credits: {
            hasCredits: hasCredits && truthOf(credits?.['overage_limit_reached']) !== true,
            unlimited: truthOf(credits?.['unlimited']) === true,
            ...(balance === undefined ? {} : { balance }),
          },
        }),
  }
  return Object.keys(account).length === 0 ? undefined : account
}
