import type { ErrorEvidence, Failure } from '../failure/evidence.ts'
import type { FailureLabel } from '../failure/labels.ts'
import type { Credential } from '../pool/credential.ts'
import type { Route } from './call.ts'
import { routeName } from './route-name.ts'

/** A failure with all that was in its way: what shares the faulty part would fail alike. */
export interface Fault {
  readonly failure: Failure
  readonly route: Route
  readonly credential: Credential
}

/** What of a route lies in the domain of a fault. */
export interface Shared {
  /** Credentials that would fail alike; all of them when the route itself would. */
  readonly credentials: readonly Credential[]
  readonly message: string
}

type Domain = 'account' | 'model_at_endpoint' | 'none'

/** Which part of the way is at fault, by label. What never got as far as the endpoint is judged before. */
const DOMAINS: Readonly<Record<FailureLabel, Domain>> = {
  auth_expired: 'account',
  auth_revoked: 'account',
  rate_limit: 'account',
  quota_exhausted: 'account',
  billing: 'account',
  entitlement: 'account',
  overloaded: 'model_at_endpoint',
  server_error: 'model_at_endpoint',
  model_not_found: 'model_at_endpoint',
  invalid_response: 'model_at_endpoint',
  timeout: 'model_at_endpoint',
  connection: 'model_at_endpoint',
  context_overflow: 'model_at_endpoint',
  payload_too_large: 'none',
  invalid_request: 'none',
  content_policy: 'none',
  cancelled: 'none',
  unknown: 'none',
}

/** Nobody was reached: no name, no way, no answer to a knock. */
const UNREACHABLE =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|UND_ERR_CONNECT_TIMEOUT)$/

/** What of a route would fail for the same reason. @param credentials of the route's pool. @returns undefined when nothing would */
export function sharedWith(fault: Fault, route: Route, credentials: readonly Credential[]): Shared | undefined {
  const { failure, route: failed } = fault
  if (wasUnreachable(failure.evidence.error)) {
    // A name is looked up, and a server knocked at, by the proxy: who was not reached is the proxy itself.
    if (failed.proxy !== undefined)
      return failed.proxy === route.proxy
        ? { credentials, message: `it goes through the same proxy, which could not be reached` }
        : undefined
    const host = originOf(fault.credential.baseUrl ?? failed.baseUrl)
    return some(
      credentials.filter((each) => route.proxy === undefined && originOf(each.baseUrl ?? route.baseUrl) === host),
      `${host} could not be reached`,
    )
  }
  const windows = [failed, route].map(({ capabilities }) => capabilities?.contextTokens)
  if (failure.label === 'context_overflow' && windows[0] !== undefined && (windows[1] ?? windows[0] + 1) <= windows[0])
    return some(credentials, `its window of ${windows[1]} tokens is no larger than that of ${routeName(failed)}`)
  switch (DOMAINS[failure.label]) {
    case 'account': {
      const isOneModels = failure.modelScoped || failure.label === 'entitlement'
      if (isOneModels && failed.model !== route.model) return undefined
      const same = credentials.filter((each) => isSameAccount(fault, route, each))
      return some(same, `the same account as ${failed.provider}/${fault.credential.label}: ${failure.label}`)
    }
    case 'model_at_endpoint': {
      const isDouble = (each: Credential) =>
        (each.baseUrl ?? route.baseUrl) === (fault.credential.baseUrl ?? failed.baseUrl)
      if (failed.model !== route.model) return undefined
      return some(
        credentials.filter(isDouble),
        `the same model at the same place as ${failed.provider}: ${failure.label}`,
      )
    }
    case 'none':
      return undefined
  }
}

function some(credentials: readonly Credential[], message: string): Shared | undefined {
  return credentials.length === 0 ? undefined : { credentials, message }
}

/** Within one pool benches tell; here two pools lead to one account: the same login, or the same key for the same host. */
function isSameAccount({ credential, route: failed }: Fault, route: Route, other: Credential): boolean {
  if (other.id === credential.id) return false
  const isSameVendor = route.definition.id === failed.definition.id
  if (isSameVendor && other.accountId !== undefined && other.accountId === credential.accountId) return true
  if (isSameVendor && other.quotaGroup !== undefined && other.quotaGroup === credential.quotaGroup) return true
  return (
    other.fingerprint === credential.fingerprint &&
    originOf(other.baseUrl ?? route.baseUrl) === originOf(credential.baseUrl ?? failed.baseUrl)
  )
}

function wasUnreachable(error: ErrorEvidence | undefined): boolean {
  for (let each = error; each !== undefined; each = each.cause)
    if (typeof each.code === 'string' && UNREACHABLE.test(each.code)) return true
  return false
}

function originOf(url: string): string {
  try {
    return new URL(url).origin
  } catch {
    return url
  }
}
