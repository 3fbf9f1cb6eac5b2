import { askPatiently, askServer, errorWords, isBusy, type LoginTools, refusal } from './ask-server.ts'
import type { IssuedTokens } from './issued-tokens.ts'
import { CANCELLED, failed, type Outcome } from './login-problem.ts'
import type { OAuthSettings } from './oauth-settings.ts'
import { exchangeCode } from './token-exchange.ts'

/** What to show to whoever signs in. */
export interface DevicePrompt {
  /** The page to open, on any device. */
  readonly url: string
  /** What to type there. */
  readonly userCode: string
  /** Epoch ms. */
  readonly expiresAtMs: number
}

/** The Codex CLI gives up after this; a server that says less wins. */
const LONGEST_WAIT_MS = 15 * 60_000
const USUAL_INTERVAL_MS = 5_000
const SHORTEST_INTERVAL_MS = 1_000
const LONGEST_INTERVAL_MS = 30_000

/**
 * Signs in to ChatGPT from a machine without a browser. Not RFC 8628: pending is 403 or 404, and the poll yields a code, not tokens.
 * @param show called once, as soon as there is something to type
 */
export async function deviceLogin(
  settings: OAuthSettings,
  tools: LoginTools,
  show: (prompt: DevicePrompt) => void,
): Promise<Outcome<IssuedTokens>> {
  const base = `${settings.issuer}/api/accounts/deviceauth`
  const asked = await askPatiently(tools, { url: `${base}/usercode`, json: { client_id: settings.clientId } })
  if (!asked.ok) return asked
  if (asked.value.status === 404)
    return failed(
      'refused',
      'this server has no device login',
      'sign in with a browser instead (leave out --device and --no-browser), or check the issuer',
    )
  if (asked.value.status !== 200) return refusal(asked.value, 'no device code was given')
  const { body } = asked.value
  const deviceAuthId = body?.['device_auth_id']
  // Both spellings are in use.
  const userCode = body?.['user_code'] ?? body?.['usercode']
  if (typeof deviceAuthId !== 'string' || typeof userCode !== 'string' || !/^[\x21-\x7e]{1,64}$/.test(userCode))
    return failed(
      'invalid_answer',
      'the server sent no device code',
      'try again; check the issuer if it was configured',
    )
  const startedMs = tools.platform.clock.now()
  const statedMs = momentOf(body?.['expires_at']) ?? Number.POSITIVE_INFINITY
  // A moment that has passed already tells that one of the two clocks is wrong, not that the code is.
  const deadlineMs = Math.min(startedMs + LONGEST_WAIT_MS, statedMs > startedMs ? statedMs : Number.POSITIVE_INFINITY)
  show({ url: `${settings.issuer}/codex/device`, userCode, expiresAtMs: deadlineMs })
  const code = await poll(
    `${base}/token`,
    { device_auth_id: deviceAuthId, user_code: userCode },
    { intervalMs: intervalOf(body?.['interval']), deadlineMs },
    tools,
  )
  if (!code.ok) return code
  return exchangeCode(settings, { ...code.value, redirectUri: `${settings.issuer}/deviceauth/callback` }, tools)
}

async function poll(
  url: string,
  json: Readonly<Record<string, string>>,
  pace: { readonly intervalMs: number; readonly deadlineMs: number },
  tools: LoginTools,
): Promise<Outcome<{ code: string; codeVerifier: string }>> {
  let intervalMs = pace.intervalMs
  for (;;) {
    const asked = await askServer(tools, { url, json })
    if (!asked.ok && asked.problem.kind === 'cancelled') return asked
    if (asked.ok && asked.value.status === 200) {
      const code = asked.value.body?.['authorization_code']
      const verifier = asked.value.body?.['code_verifier']
      if (typeof code === 'string' && typeof verifier === 'string')
        return { ok: true, value: { code, codeVerifier: verifier } }
      return failed('invalid_answer', 'the server approved but sent no code', 'start the login again')
    }
    if (asked.ok && !isPending(asked.value.status)) {
      if (errorWords(asked.value.body).code === 'expired_token') return expired()
      if (!isBusy(asked.value.status)) return refusal(asked.value, 'the login was not approved')
    }
    if (asked.ok && errorWords(asked.value.body).code === 'access_denied')
      return refusal(asked.value, 'the login was not approved')
    // An unreachable or busy server is asked again, ever more slowly: the person may be typing the code right now.
    if (!asked.ok || isBusy(asked.value.status)) intervalMs = Math.min(intervalMs * 2, LONGEST_INTERVAL_MS)
    const pauseMs = (asked.ok ? asked.value.retryAfterMs : undefined) ?? intervalMs
    const leftMs = pace.deadlineMs - tools.platform.clock.now()
    if (leftMs <= 0) return expired()
    if ((await tools.platform.timers.sleep(Math.min(pauseMs, leftMs), tools.signal)) === 'aborted') return CANCELLED
  }
}

function isPending(status: number): boolean {
  return status === 403 || status === 404
}

function expired() {
  return failed('expired', 'the code expired before it was approved', 'start the login again for a new code')
}

function intervalOf(value: unknown): number {
  const seconds = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  if (!Number.isFinite(seconds)) return USUAL_INTERVAL_MS
  return Math.min(Math.max(seconds * 1000, SHORTEST_INTERVAL_MS), LONGEST_INTERVAL_MS)
}

function momentOf(value: unknown): number | undefined {
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isFinite(parsed) ? parsed : undefined
}
