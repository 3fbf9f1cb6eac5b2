import type { NetworkAnswer } from '../../src/platform/network.ts'
import type { Account } from './account.ts'
import { jsonAnswer } from './clothes.ts'
import type { UsageWindow } from './usage-window.ts'

/** The usage endpoint of the Codex backend, in the shape of a capture of 2026-09. Percentages are true, resets as announced. */
export function usageAnswer(account: Account, nowMs: number): NetworkAnswer {
  const [primary, secondary] = account.windows
  const full = account.fullWindow(nowMs) !== undefined
  return jsonAnswer(200, {
    user_id: `user-${account.name}`,
    account_id: `acct-${account.name}`,
    plan_type: account.planType,
    rate_limit: {
      allowed: !full,
      limit_reached: full,
      primary_window: primary === undefined ? null : windowBody(account, primary, nowMs),
      secondary_window: secondary === undefined ? null : windowBody(account, secondary, nowMs),
    },
    code_review_rate_limit: null,
    additional_rate_limits: [],
    credits: { has_credits: false, unlimited: false, balance: '0' },
    spend_control: { reached: false, individual_limit: null },
    rate_limit_reached_type: full ? 'rate_limit_reached' : null,
    promo: null,
  })
}

function windowBody(account: Account, window: UsageWindow, nowMs: number) {
  const resetMs = account.announcedResetMs(window, nowMs)
  return {
    used_percent: Math.min(100, Math.floor(window.usedPercent(nowMs))),
    limit_window_seconds: window.plan.lengthMs / 1000,
    ...(resetMs === undefined
      ? {}
      : { reset_after_seconds: Math.max(0, Math.ceil((resetMs - nowMs) / 1000)), reset_at: Math.ceil(resetMs / 1000) }),
  }
}
