import { asRecord } from '../../failure/json-text.ts'
import type { UsageProbe } from '../provider.ts'
import { signedAmountOf, truthOf } from './amount.ts'
import { bearerGet } from './bearer-get.ts'
import { jsonBody, recordsOf } from './json-body.ts'
import { usageReading } from './usage-reading.ts'

/** `GET /user/balance`; it lives beside, not below, the `/v1` and `/anthropic` that some write into the base URL. Source: api-docs.deepseek.com, 2026-11. */
export const deepSeekUsageProbe: UsageProbe = {
  request: bearerGet('/user/balance', /\/(?:v1|beta|anthropic)$/),
  read(status, _headers, text) {
    const body = jsonBody(status, text)
    const available = truthOf(body?.['is_available'])
    // One entry for each currency: they do not add up, so the largest stands for them.
    const balances = recordsOf(body?.['balance_infos']).flatMap((each) => signedAmountOf(each['total_balance']) ?? [])
    const balance = balances.length === 0 ? undefined : Math.max(...balances)
    if (available === undefined && balance === undefined) return undefined
    return usageReading([], { credits: creditsOf(balance, available) })
  },
}

/** `GET /users/me/balance` of the open platform. Source: platform.kimi.ai, 2026-11. */
export const moonshotUsageProbe: UsageProbe = {
  request: bearerGet('/users/me/balance'),
  read(status, _headers, text) {
    const balance = signedAmountOf(asRecord(jsonBody(status, text)?.['data'])?.['available_balance'])
    return balance === undefined ? undefined : usageReading([], { credits: creditsOf(balance) })
  },
}

function creditsOf(balance: number | undefined, available?: boolean) {
  return {
    hasCredits: available ?? (balance !== undefined && balance > 0),
    unlimited: false,
    ...(balance === undefined ? {} : { balance }),
  }
}
