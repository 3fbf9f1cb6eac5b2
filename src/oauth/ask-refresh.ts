import { classify } from '../failure/classify.ts'
import type { Evidence, Failure } from '../failure/evidence.ts'
import { observeException } from '../failure/observe-exception.ts'
import { askServer, type LoginTools, type ServerAnswer } from './ask-server.ts'
import type { OAuthSettings } from './oauth-settings.ts'
import { standardServer } from './standard-server.ts'

/** What became of a refresh token that was sent. */
export type RefreshReply =
  | { readonly kind: 'tokens'; readonly body: Readonly<Record<string, unknown>> }
  /** Final for this token. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** No verdict on the token. `spent`: the server may have rotated it all the same. */
  | { readonly kind: 'trouble'; readonly failure: Failure; readonly spent: boolean }

/** Errors of a connection that was never made: the token was not sent. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Sends a refresh token once: JSON for ChatGPT, a form for everybody else (RFC 6749 section 6). Without a refresh token the client signs
 * in itself (client credentials). Nothing is retried here: a second sending of a single-use token looks like a theft.
 * Source: the Codex CLI's own requests, 2026-11-23.
 */
export async function askRefresh(
  provider: string,
  settings: OAuthSettings,
  refreshToken: string | undefined,
  tools: LoginTools,
): Promise<RefreshReply> {
  const fields = {
    client_id: settings.clientId,
    ...(settings.clientSecret === undefined ? {} : { client_secret: settings.clientSecret }),
    ...(refreshToken === undefined
      ? {
          grant_type: 'client_credentials',
          ...(settings.scopes.length === 0 ? {} : { scope: settings.scopes.join(' ') }),
        }
      : { grant_type: 'refresh_token', refresh_token: refreshToken }),
  }
  const url = await tokenUrlOf(settings, tools)
  const asked = await askServer(tools, {
    url,
    ...(settings.flavour === 'chatgpt' ? { json: fields } : { form: fields }),
  })
  const seenAtMs = tools.platform.clock.now()
  if (!asked.ok) {
    const { message, code = 'ECONNRESET' } = asked.problem
    const error = { name: 'Error', code, message }
    const failure = classify(observeException({ provider, api: 'oauth', error, seenAtMs }))
    return { kind: 'trouble', failure, spent: !NEVER_SENT.has(code) }
  }
  return judged(provider, asked.value, seenAtMs)
}

function judged(provider: string, answer: ServerAnswer, seenAtMs: number): RefreshReply {
  const { status, body, text, retryAfterMs } = answer
  if (status >= 200 && status < 300 && hasToken(body)) return { kind: 'tokens', body }
  const isBad = status >= 200 && status < 300
  const evidence: Evidence = {
    channel: isBad ? 'body' : 'http',
    provider,
    api: 'oauth',
    status,
    headers: retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) },
    body: text.slice(0, 8_192),
    seenAtMs,
  }
  const failure = classify(evidence)
  if (failure.label === 'auth_revoked') return { kind: 'refused', failure }
  // A server that answers 4xx has read the request and refused it; whether one in trouble has rotated the token, nobody knows.
  return { kind: 'trouble', failure, spent: isBad || status >= 500 }
}

/** Any subset of tokens may come; an answer with none of them is none. */
function hasToken(body: Readonly<Record<string, unknown>> | undefined): body is Readonly<Record<string, unknown>> {
  return ['access_token', 'refresh_token'].some((name) => typeof body?.[name] === 'string' && body[name] !== '')
}

async function tokenUrlOf(settings: OAuthSettings, tools: LoginTools): Promise<string> {
  const usual = settings.tokenUrl ?? `${settings.issuer}/oauth/token`
  if (settings.flavour === 'chatgpt' || settings.tokenUrl !== undefined) return usual
  const found = await standardServer(settings, tools)
  return found.ok ? (found.value.server.token_endpoint ?? usual) : usual
}
