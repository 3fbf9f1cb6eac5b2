import type { Failure } from '../failure/evidence.ts'
import { blameOf, type FailureLabel } from '../failure/labels.ts'
import type { NothingReady } from '../pool/lease.ts'
import type { Call, Route } from './call.ts'
import { whyUnfit } from './route-fitness.ts'

/**
 * "No credential available" as a failure, with the pool's state in its words.
 * The label is the one that the bench already carries: nothing is classified here.
 */
export function nothingReadyFailure(route: Route | undefined, why: NothingReady | undefined, nowMs: number): Failure {
  const bench = why?.bench
  const label: FailureLabel = bench?.reason ?? 'unknown'
  return {
    label,
    blame: blameOf(label),
    message: describe(route, why),
    modelScoped: bench !== undefined && bench.scope !== '*',
    rule: 'pool/nothing-ready',
    confidence: 'none',
    ...(why?.earliestReturnMs === undefined ? {} : { resetAt: why.earliestReturnMs }),
    evidence: {
      channel: 'exception',
      provider: route?.provider ?? 'none',
      api: 'other',
      headers: {},
      seenAtMs: nowMs,
      ...(route === undefined ? {} : { model: route.model }),
    },
  }
}

/** No credential at all, or none whose secret this process can read: as if there were none. */
export function hasNoneToLend({ total, missing = 0 }: NothingReady): boolean {
  return missing === total
}

function describe(route: Route | undefined, why: NothingReady | undefined): string {
  if (route === undefined) return 'no route of this chain speaks the protocol of this call'
  if (why === undefined || why.total === 0) {
    return `no credential for ${route.provider}: add one with "sparekey auth add ${route.provider}"`
  }
  const missing = why.missing ?? 0
  const states = [
    `${why.benched} benched`,
    `${why.dead} dead`,
    ...(why.tried > 0 ? [`${why.tried} tried in this call`] : []),
    ...(why.busy > 0 ? [`${why.busy} busy`] : []),
    ...(missing > 0 ? [`${missing} whose key (a variable, file or command) the gateway's process cannot read`] : []),
  ]
  const reason = why.bench === undefined ? '' : `; ${why.bench.reason}: ${why.bench.evidence.message}`
  const back = why.dead + missing === why.total ? `; repair with "sparekey auth list ${route.provider}"` : ''
  return `no credential of ${route.provider} is ready (${why.total} in all: ${states.join(', ')})${reason}${back}`
}

/** Our own fault, told as such: never as the provider's, and never with an exception's raw text from outside. */
export function internalFailure(route: Route | undefined, error: unknown, nowMs: number): Failure {
  const told = error instanceof Error ? `${error.name}: ${error.message}` : 'unexpected error'
  return { ...nothingReadyFailure(route, undefined, nowMs), message: told.slice(0, 300), rule: 'relay/internal-error' }
}

/** The answer that a request goes on from is out of reach: its client sends the whole conversation again when told so. */
export function previousResponseLost(route: Route | undefined, id: string, nowMs: number): Failure {
  const failure = nothingReadyFailure(route, undefined, nowMs)
  const message = `Previous response with id '${id.slice(0, 80)}' not found: the account that made it cannot serve now. Send the whole conversation.`
  const code = 'previous_response_not_found'
  return { ...failure, label: 'invalid_request', blame: 'request', message, code, rule: 'relay/previous-response-lost' }
}

/** A request that cannot be written for this provider: the request's fault, found before anybody was asked. */
export function unwritableFailure(route: Route | undefined, message: string, nowMs: number): Failure {
  const failure = nothingReadyFailure(route, undefined, nowMs)
  return { ...failure, label: 'invalid_request', blame: 'request', message, rule: 'relay/unwritable' }
}

/** No route can be told this call, or is able to serve it: why the first one cannot. @returns undefined when it could */
export function unfitFailure(call: Call, nowMs: number): Failure | undefined {
  const [route] = call.chain
  const unfit = route === undefined ? undefined : whyUnfit(call, route)
  if (route === undefined || unfit === undefined) return undefined
  const { label, message, code, reason } = unfit
  return {
    label,
    blame: 'request',
    message,
    code,
    modelScoped: false,
    rule: reason === 'untranslatable' ? 'translate/refused' : 'relay/incapable',
    confidence: 'exact',
    evidence: {
      channel: 'exception',
      provider: route.provider,
      api: call.wire,
      headers: {},
      seenAtMs: nowMs,
      model: route.model,
    },
  }
}
