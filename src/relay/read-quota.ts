import type { HeaderRecord } from '../failure/evidence.ts'
import type { Lease } from '../pool/lease.ts'
import type { QuotaReading } from '../pool/quota.ts'
import type { Route } from './call.ts'

/** What the headers of an answer, good or bad, tell about the limits of the credential that got it. @returns undefined when they tell nothing */
export function readQuota(route: Route, lease: Lease, headers: HeaderRecord, nowMs: number): QuotaReading | undefined {
  const windows = route.definition.readQuota?.(headers, nowMs) ?? []
  const account = route.definition.readAccount?.(headers)
  const balance = account?.credits?.balance
  if (windows.length === 0 && account?.planType === undefined && balance === undefined) return undefined
  return {
    credentialId: lease.credential.id,
    windows,
    source: 'header',
    readAtMs: nowMs,
    ...(account?.planType === undefined ? {} : { planType: account.planType }),
    ...(balance === undefined ? {} : { creditsBalance: balance }),
  }
}
