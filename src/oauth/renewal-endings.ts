import { classify } from '../failure/classify.ts'
import type { Failure } from '../failure/evidence.ts'
import { observeException } from '../failure/observe-exception.ts'
import type { Renewal } from './refresh-outcome.ts'
import { signInAgain } from './sign-in-again.ts'

interface Login {
  readonly provider: string
  readonly label: string
}

/** Not now, and nothing that speaks against the login. @param untilMs epoch ms */
export function later(login: Login, message: string, untilMs: number, nowMs: number): Renewal {
  const error = { name: 'Error', code: 'REFRESH_RESTS', message }
  const failure = classify(observeException({ provider: login.provider, api: 'oauth', error, seenAtMs: nowMs }))
  return { kind: 'later', failure: { ...failure, retryAfterMs: Math.max(1, untilMs - nowMs) }, untilMs }
}

/** Not now: whoever holds the refresh lives and does not end it. */
export function stuckHolder(login: Login, untilMs: number, nowMs: number): Renewal {
  const message = `the login "${login.label}" waits for another process of this machine that has begun to refresh it and does not move (stopped, or suspended)`
  return later(login, message, untilMs, nowMs)
}

/** The verdict on a token endpoint that answered with somebody else's tokens. */
export function wrongAccount(login: Login, nowMs: number): Failure {
  const message = 'the token endpoint answered with tokens of another account'
  const body = JSON.stringify({ error: 'invalid_grant', error_description: message })
  const failure = classify({
    channel: 'body',
    provider: login.provider,
    api: 'oauth',
    status: 200,
    headers: {},
    body,
    seenAtMs: nowMs,
  })
  return { ...failure, message: `${message}. ${signInAgain(login)}` }
}
