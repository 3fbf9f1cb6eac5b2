import type { HeaderRecord } from '../../failure/evidence.ts'
import type { QuotaWindow } from '../provider.ts'
import { amountOf } from './amount.ts'
import { usageWindow } from './usage-window.ts'

/** Premium requests are a pool of some models only: the included ones stay usable when it is empty. */
const SNAPSHOTS = [
  { header: 'x-usage-ratelimit-session', name: 'session' },
  { header: 'x-usage-ratelimit-weekly', name: '7d', windowMinutes: 10_080 },
  { header: 'x-quota-snapshot-chat', name: 'chat' },
  { header: 'x-quota-snapshot-premium_models', name: 'premium', model: 'premium_models' },
  { header: 'x-quota-snapshot-premium_interactions', name: 'premium', model: 'premium_interactions' },
] as const

/** `ent=300&rem=29.7&rst=...`: entitlement (-1: unlimited), percent left, reset. Source: VS Code's client source, 2026-08. */
export function copilotWindows(headers: HeaderRecord, nowMs: number): readonly QuotaWindow[] {
  const windows: QuotaWindow[] = []
  for (const { header, ...scope } of SNAPSHOTS) {
    const text = headers[header]
    if (text === undefined || text.length > 500) continue
    const fields = new URLSearchParams(text)
    const left = amountOf(fields.get('rem'))
    if (fields.get('ent') === '-1' || left === undefined || left > 100) continue
    const window = usageWindow({ ...scope, usedPercent: 100 - left, reset: fields.get('rst') }, nowMs)
    if (window !== undefined) windows.push('model' in scope ? { ...window, family: scope.model } : window)
  }
  return windows
}
