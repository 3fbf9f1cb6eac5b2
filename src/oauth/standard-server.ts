import * as oauth from 'oauth4webapi'
import { askPatiently, askServer, type LoginTools } from './ask-server.ts'
import { failed, type LoginProblem, type Outcome } from './login-problem.ts'
import type { OAuthSettings } from './oauth-settings.ts'

/** A standard authorization server as `oauth4webapi` wants it. */
export interface StandardServer {
  readonly server: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
  /** Sends through our own network, patiently. */
  readonly options: Options
  /** The same, but a busy server is told to the caller at once: for polls, which have their own pace. */
  readonly once: Options
}

interface Options {
  readonly [oauth.customFetch]: (url: string, request: SentRequest) => Promise<Response>
  readonly [oauth.allowInsecureRequests]: true
}

interface SentRequest {
  readonly method?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Carries a value through the library, which knows only exceptions. */
class ProblemCarrier extends Error {
  readonly problem: LoginProblem
  constructor(problem: LoginProblem) {
    super(problem.message)
    this.problem = problem
  }
}

/** Finds the addresses of a standard server: configured ones first, then what it publishes, then the usual paths. */
export async function standardServer(settings: OAuthSettings, tools: LoginTools): Promise<Outcome<StandardServer>> {
  const client: oauth.Client = { client_id: settings.clientId }
  const options = (ask: typeof askServer): Options => ({
    [oauth.customFetch]: (url, request) => send(ask, tools, url, request),
    // Our settings have refused http to other machines already; the library would refuse it to this one too.
    [oauth.allowInsecureRequests]: true,
  })
  const isComplete =
    settings.tokenUrl !== undefined &&
    (settings.machine === true || settings.authorizeUrl !== undefined || settings.deviceUrl !== undefined)
  const published = isComplete ? undefined : await discovered(settings, options(askServer))
  if (tools.signal.aborted) return failed('cancelled', 'the login was cancelled', 'nothing was stored')
  const addresses = {
    authorization_endpoint: settings.authorizeUrl ?? published?.authorization_endpoint,
    token_endpoint: settings.tokenUrl ?? published?.token_endpoint ?? `${settings.issuer}/oauth/token`,
    device_authorization_endpoint: settings.deviceUrl ?? published?.device_authorization_endpoint,
    revocation_endpoint: settings.revokeUrl ?? published?.revocation_endpoint,
  }
  return {
    ok: true,
    value: {
      server: {
        ...published,
        issuer: published?.issuer ?? settings.issuer,
        ...Object.fromEntries(Object.entries(addresses).filter(([, address]) => address !== undefined)),
      },
      client,
      authentication:
        settings.clientSecret === undefined ? oauth.None() : oauth.ClientSecretPost(settings.clientSecret),
      options: options(askPatiently),
      once: options(askServer),
    },
  }
}

/** A thrown thing as a value: our own problem, the server's refusal, or an answer that breaks the standard. */
export function problemOf(error: unknown, what: string): { ok: false; problem: LoginProblem } {
  if (error instanceof ProblemCarrier) return { ok: false, problem: error.problem }
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    const words = (error.error_description ?? error.error).replace(/\p{Cc}/gu, ' ').slice(0, 200)
    if (error.error === 'access_denied')
      return failed('denied', `${what}: access was denied (${words})`, 'start the login again and approve it')
    if (error.error === 'expired_token')
      return failed('expired', `${what}: the code expired`, 'start the login again for a new code')
    return failed('refused', `${what}: refused (${words})`, 'check client id, scopes and addresses, and try again')
  }
  const words = error instanceof Error ? error.message.replace(/\p{Cc}/gu, ' ').slice(0, 200) : 'unknown error'
  return failed(
    'invalid_answer',
    `${what}: the server's answer breaks the standard (${words})`,
    'check issuer and addresses under "oauth" in config.yaml',
  )
}

async function discovered(settings: OAuthSettings, options: Options): Promise<oauth.AuthorizationServer | undefined> {
  const issuer = new URL(settings.issuer)
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    try {
      const answer = await oauth.discoveryRequest(issuer, { algorithm, ...options })
      return await oauth.processDiscoveryResponse(issuer, answer)
    } catch {
      // Publishing is optional: the usual paths are tried then.
    }
  }
  return undefined
}

async function send(ask: typeof askServer, tools: LoginTools, url: string, request: SentRequest): Promise<Response> {
  const { body } = request
  const own = new Set(['content-type', 'accept', 'user-agent', 'content-length'])
  const asked = await ask(tools, {
    url,
    method: request.method === 'GET' ? 'GET' : 'POST',
    ...(body instanceof URLSearchParams ? { form: Object.fromEntries(body) } : {}),
    headers: Object.entries(request.headers).filter(([name]) => !own.has(name.toLowerCase())),
  })
  if (!asked.ok) throw new ProblemCarrier(asked.problem)
  const { status, text, contentType } = asked.value
  if (status === 429 || status >= 500)
    throw new ProblemCarrier({
      kind: status === 429 ? 'throttled' : 'server_trouble',
      message: `${new URL(url).host} is ${status === 429 ? 'throttling' : 'in trouble'} (${status})`,
      next: 'wait a minute and try again',
    })
  return new Response(text, { status, headers: { 'content-type': contentType || 'application/json' } })
}
