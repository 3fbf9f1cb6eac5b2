import type { QuotaWindow } from '../provider.ts'
import { amountOf } from './amount.ts'
import { momentOfReset } from './moment-of-reset.ts'
import { isWindowLength } from './window-name.ts'

/** More than this many times its limit nobody has used: what says so has overflowed. */
const MOST_TIMES_USED = 100

/** What a provider said about one window, as it stood in the header or body. */
export interface AnnouncedWindow {
  readonly name: string
  /** Numbers or texts; whichever pair is there decides. */
  readonly usedPercent?: unknown
  readonly limit?: unknown
  readonly remaining?: unknown
  readonly used?: unknown
  readonly reset?: unknown
  readonly windowMinutes?: number | undefined
  readonly model?: string | undefined
  readonly family?: string | undefined
}

/**
 * A window from what was announced.
 * @returns undefined when nobody can tell how much is used: an invented 0 % would lift a bench, an invented 100 % would make one
 */
export function usageWindow(announced: AnnouncedWindow, nowMs: number): QuotaWindow | undefined {
  const limit = amountOf(announced.limit)
  const used = amountOf(announced.used)
  const remaining =
    amountOf(announced.remaining) ?? (limit === undefined || used === undefined ? undefined : Math.max(0, limit - used))
  const usedPercent = amountOf(announced.usedPercent) ?? shareUsed(limit, remaining, used)
  if (usedPercent === undefined) return undefined
  const resetAt = momentOfReset(announced.reset, nowMs)
  // Nothing left of nobody knows what, until nobody knows when, would keep an account away for nothing.
  if (limit === undefined && announced.usedPercent === undefined && resetAt === undefined) return undefined
  const { name, windowMinutes, model, family } = announced
  return {
    name,
    usedPercent,
    ...(isWindowLength(windowMinutes) ? { windowMinutes: Math.round(windowMinutes) } : {}),
    ...(resetAt === undefined ? {} : { resetAt }),
    ...(model === undefined ? {} : { model }),
    ...(family === undefined ? {} : { family }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(limit === undefined ? {} : { limit }),
  }
}

function shareUsed(limit: number | undefined, remaining: number | undefined, used: number | undefined) {
  // Azure's older answers name no limit: that nothing is left can be told without one.
  if (limit === undefined) return remaining === 0 ? 100 : undefined
  if (limit === 0 || remaining === undefined || remaining > limit) return undefined
  return Math.min(MOST_TIMES_USED, (used ?? limit - remaining) / limit) * 100
}
