import type { HeaderRecord } from '../../failure/evidence.ts'
import type { AccountReading, QuotaWindow } from '../provider.ts'
import { amountOf } from './amount.ts'
import { usageWindow } from './usage-window.ts'

const UNIFIED = 'anthropic-ratelimit-unified'
/** `5h`, `7d`, and `7d_oi`, whose suffix says that it counts some models only. */
const UNIFIED_WINDOW = new RegExp(`^${UNIFIED}-((\\d{1,3})([hd])(_\\w{1,30})?)-(?:utilization|status)$`)

/**
 * Throttles of API keys (`anthropic-ratelimit-{requests,tokens,...}-*`, refilled continuously: resets are RFC 3339 and no length is announced)
 * and windows of plans (`anthropic-ratelimit-unified-{5h,7d,7d_oi}-*`, use from 0 to 1, resets in epoch seconds).
 * Source: Anthropic API reference, and captures of 2026-03 to 2026-10.
 */
export function anthropicWindows(headers: HeaderRecord, nowMs: number): readonly QuotaWindow[] {
  const windows: QuotaWindow[] = []
  const add = (window: QuotaWindow | undefined) => {
    if (window !== undefined) windows.push(window)
  }
  for (const name of ['requests', 'tokens', 'input-tokens', 'output-tokens']) {
    const field = (what: string) => headers[`anthropic-ratelimit-${name}-${what}`]
    if (field('limit') === undefined) continue
    add(usageWindow({ name, limit: field('limit'), remaining: field('remaining'), reset: field('reset') }, nowMs))
  }
  const seen = new Set<string>()
  for (const header of Object.keys(headers)) {
    const [, id, count, unit, suffix] = UNIFIED_WINDOW.exec(header) ?? []
    if (id === undefined || seen.has(id)) continue
    seen.add(id)
    add(unifiedWindow(headers, id, Number(count) * (unit === 'h' ? 60 : 1440), suffix, nowMs))
  }
  return windows
}

function unifiedWindow(
  headers: HeaderRecord,
  id: string,
  windowMinutes: number,
  suffix: string | undefined,
  nowMs: number,
): QuotaWindow | undefined {
  const field = (what: string) => headers[`${UNIFIED}-${id}-${what}`]
  const share = amountOf(field('utilization'))
  const percent = share === undefined ? undefined : share * 100
  // A rejected window is full whatever its rounded use says.
  const usedPercent = field('status') === 'rejected' ? Math.max(100, percent ?? 100) : percent
  const scope = suffix === undefined ? {} : { model: id, family: id }
  return usageWindow({ name: id, usedPercent, windowMinutes, reset: field('reset'), ...scope }, nowMs)
}

/** Whether use beyond the plan's windows is still paid for. */
export function anthropicAccount(headers: HeaderRecord): AccountReading | undefined {
  const status = headers[`${UNIFIED}-overage-status`]
  if (status === undefined) return undefined
  return { credits: { hasCredits: status.startsWith('allowed'), unlimited: false } }
}
