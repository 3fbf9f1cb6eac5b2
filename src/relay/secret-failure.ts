import { classify } from '../failure/classify.ts'
import { observeException } from '../failure/observe-exception.ts'
import type { AttemptResult } from './attempt.ts'
import type { Call, Route } from './call.ts'

/** A secret that cannot be had (a variable that is not set, a row that does not decrypt) fails this credential, not the call. */
export function secretFailure(call: Call, route: Route, error: unknown, seenAtMs: number): AttemptResult {
  const message = error instanceof Error ? error.message : 'the secret could not be read'
  const seen = observeException({
    provider: route.definition.id,
    api: call.wire,
    model: route.model,
    error: { name: 'SecretUnavailable', code: 'SECRET_UNAVAILABLE', message },
    seenAtMs,
  })
  return { kind: 'failure', failure: classify(seen, route.definition.rules) }
}
