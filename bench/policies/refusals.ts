import type { HeaderList, NetworkAnswer } from '../../src/platform/network.ts'
import type { Account } from './account.ts'
import * as clothes from './clothes.ts'
import type { ProviderFault } from './provider-faults.ts'

const STORM_ERROR = { code: 'token_invalidated', message: 'Your authentication token has been invalidated.' }

/** The windows of an account as the backend writes them on every answer: true percentages, resets as announced. */
export function windowHeaders(account: Account, nowMs: number): HeaderList {
  const headers: Array<readonly [string, string]> = [['x-codex-plan-type', account.planType]]
  for (const [index, window] of account.windows.entries()) {
    const which = index === 0 ? 'primary' : 'secondary'
    headers.push([`x-codex-${which}-used-percent`, String(Math.min(100, Math.floor(window.usedPercent(nowMs))))])
    headers.push([`x-codex-${which}-window-minutes`, String(window.plan.lengthMs / 60_000)])
    const resetMs = account.announcedResetMs(window, nowMs)
    if (resetMs !== undefined)
      headers.push([`x-codex-${which}-reset-after-seconds`, String(Math.max(0, Math.ceil((resetMs - nowMs) / 1000)))])
  }
  return headers
}

/** A full window, in one of the forms in which the same fact arrives. */
export function quotaRefusal(account: Account, nowMs: number): NetworkAnswer | undefined {
  const full = account.fullWindow(nowMs)
  if (full === undefined) return undefined
  const headers = windowHeaders(account, nowMs)
  const resetMs = account.announcedResetMs(full.window, nowMs)
  const seconds = resetMs === undefined ? undefined : Math.max(0, Math.ceil((resetMs - nowMs) / 1000))
  const error = {
    type: 'usage_limit_reached',
    message: 'The usage limit has been reached',
    plan_type: account.planType,
    ...(seconds === undefined ? {} : { resets_at: Math.ceil(nowMs / 1000) + seconds, resets_in_seconds: seconds }),
  }
  const coded = { code: 'usage_limit_reached', message: error.message }
  switch (account.formOf(full.window).pick({ status: 6, failed: 2, event: 1, bare: 1 })) {
    case 'status':
      return clothes.jsonAnswer(429, { error }, headers)
    case 'failed':
      return clothes.failedStream(coded, headers)
    case 'event':
      return clothes.errorEvent({ ...coded, error: coded }, headers)
    case 'bare':
      return clothes.jsonAnswer(429, {}, headers)
  }
}

/** A throttle of seconds, with a hint or without. */
export function throttleRefusal(account: Account, nowMs: number): NetworkAnswer | undefined {
  const throttled = account.throttledFor(nowMs)
  if (throttled === undefined) return undefined
  const seconds = (throttled.ms / 1000).toFixed(3)
  const hint = throttled.hinted ? ` Please try again in ${seconds}s.` : ''
  const error = { type: 'tokens', code: 'rate_limit_exceeded', message: `Rate limit reached for gpt-5.5.${hint}` }
  const headers: HeaderList = throttled.hinted ? [['retry-after', String(Math.ceil(throttled.ms / 1000))]] : []
  return clothes.jsonAnswer(429, { error }, headers)
}

export function revokedRefusal(): NetworkAnswer {
  return clothes.jsonAnswer(401, { error: STORM_ERROR })
}

/** @throws Error when the fault is one of the connection */
export function faultAnswer({ form }: ProviderFault): NetworkAnswer {
  const overloaded = {
    code: 'server_is_overloaded',
    message: 'Our servers are currently overloaded. Please try again later.',
  }
  const broken = { code: 'server_error', message: 'The server had an error while processing your request.' }
  switch (form) {
    case 'storm':
      // Word for word what a token that is really gone gets: only the company it comes in tells them apart.
      return revokedRefusal()
    case 'overloaded_status':
      return clothes.jsonAnswer(503, { error: overloaded })
    case 'overloaded_event':
      return clothes.failedStream(overloaded)
    case 'server_error_status':
      return clothes.jsonAnswer(500, { error: broken })
    case 'failed_in_200':
      return clothes.failedDocument(broken)
    case 'cut_stream':
      return clothes.cutStream()
    case 'connection_reset':
      throw clothes.connectionReset()
  }
}
