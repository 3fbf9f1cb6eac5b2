import { listenOnLoopback, type LoopbackRequest } from '../platform/loopback-listener.ts'
import type { LoginTools } from './ask-server.ts'
import { callbackPage } from './callback-page.ts'
import { CANCELLED, failed, type Outcome } from './login-problem.ts'
import type { OAuthSettings } from './oauth-settings.ts'

/** What to show to whoever signs in with a browser. */
export interface BrowserPrompt {
  readonly url: string
  /** Epoch ms. */
  readonly expiresAtMs: number
}

/** Where the browser came back to, and with what. */
export interface Callback {
  readonly redirectUri: string
  readonly query: URLSearchParams
}

const LONGEST_WAIT_MS = 15 * 60_000

/**
 * Sends a browser to the authorization server and waits until it comes back to a loopback port with the right state.
 * @param address the page to open, made once the port is known
 */
export async function browserCode(
  settings: OAuthSettings,
  tools: LoginTools,
  state: string,
  address: (redirectUri: string) => string,
  show: (prompt: BrowserPrompt) => void,
): Promise<Outcome<Callback>> {
  if (tools.signal.aborted) return CANCELLED
  let arrive: (query: URLSearchParams) => void = () => {}
  const arrived = new Promise<URLSearchParams>((resolve) => {
    arrive = resolve
  })
  const listener = await listenOnLoopback(settings.callbackPorts, ({ path, query }: LoopbackRequest) => {
    if (path !== settings.callbackPath) return callbackPage('other')
    // Whatever has another state is not ours: neither its code nor its error may end this login.
    if (query.get('state') !== state) return callbackPage('stranger')
    if (query.get('code') === null && query.get('error') === null) return callbackPage('stranger')
    arrive(query)
    return callbackPage(query.get('error') === null ? 'received' : 'refused')
  })
  if (listener === undefined) {
    return failed(
      'port_taken',
      `the ports that a browser may come back to are taken (${settings.callbackPorts.join(', ')})`,
      'end the other login that waits there, or sign in with --device',
    )
  }
  const done = new AbortController()
  const onAbort = () => done.abort()
  tools.signal.addEventListener('abort', onAbort, { once: true })
  try {
    const redirectUri = `http://localhost:${listener.port}${settings.callbackPath}`
    show({ url: address(redirectUri), expiresAtMs: tools.platform.clock.now() + LONGEST_WAIT_MS })
    const waited = tools.platform.timers.sleep(LONGEST_WAIT_MS, done.signal)
    const first = await Promise.race([arrived, waited])
    if (first === 'aborted') return CANCELLED
    if (first === 'elapsed')
      return failed('expired', 'nobody came back from the browser', 'start the login again, or use --device')
    return judged(first, redirectUri)
  } finally {
    done.abort()
    tools.signal.removeEventListener('abort', onAbort)
    await listener.close()
  }
}

function judged(query: URLSearchParams, redirectUri: string): Outcome<Callback> {
  const error = query.get('error')
  if (error === null) return { ok: true, value: { redirectUri, query } }
  const words = (query.get('error_description') ?? '').replace(/\p{Cc}/gu, ' ').slice(0, 200)
  if (words.includes('missing_codex_entitlement'))
    return failed(
      'denied',
      'this account may not use Codex',
      'sign in with another account, or ask its workspace admin',
    )
  const plain = error.replace(/[^\w.-]/g, '').slice(0, 60)
  return failed(
    error === 'access_denied' ? 'denied' : 'refused',
    `the login was refused (${plain}${words === '' ? '' : `: ${words}`})`,
    'start it again and approve it',
  )
}
