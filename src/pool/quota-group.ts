import type { Failure } from '../failure/evidence.ts'
import type { Credential } from './credential.ts'

/**
 * The other credentials that share the exhausted limit (same organisation, project or account), so that rotation skips them at once.
 * Only limits are shared: a revoked key says nothing about its neighbours.
 * @param credentials those of the same provider
 */
export function groupOf(
  credential: Credential,
  failure: Failure,
  credentials: readonly Credential[],
): readonly Credential[] {
  const limit = failure.label === 'rate_limit' || failure.label === 'quota_exhausted' || failure.label === 'billing'
  if (!limit) return []
  const named = failure.quotaGroup
  return credentials.filter((each) => {
    if (each.id === credential.id) return false
    if (named !== undefined) return each.quotaGroup === named || each.accountId === named
    return credential.quotaGroup !== undefined && each.quotaGroup === credential.quotaGroup
  })
}
