import { classify } from '../../src/failure/classify.ts'
import type { RefreshReply } from '../../src/oauth/ask-refresh.ts'

/** A token endpoint in memory: refresh tokens work once, a second use revokes the login, as the real one does. */
export class TokenServer {
  #live: string
  #serial = 0
  #revoked = false
  readonly #used = new Set<string>()
  #inFlight = 0
  mostInFlight = 0
  reuses = 0
  posts = 0
  readonly lifetimeSeconds: number

  constructor(first = 'rt_0', lifetimeSeconds = 3600) {
    this.#live = first
    this.lifetimeSeconds = lifetimeSeconds
  }

  /** The refresh token that works now. */
  get live(): string | undefined {
    return this.#revoked ? undefined : this.#live
  }

  /** A request leaves its process. */
  arrive(): void {
    this.#inFlight += 1
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight)
  }

  leave(): void {
    this.#inFlight -= 1
  }

  /** What the server does with a token, in one moment. */
  refresh(refreshToken: string | undefined, atMs: number): RefreshReply {
    this.posts += 1
    if (refreshToken === this.#live && !this.#revoked) {
      this.#used.add(refreshToken)
      this.#serial += 1
      this.#live = `rt_${this.#serial}`
      return {
        kind: 'tokens',
        body: { access_token: `at_${this.#serial}`, refresh_token: this.#live, expires_in: this.lifetimeSeconds },
      }
    }
    const isReuse = refreshToken !== undefined && this.#used.has(refreshToken)
    if (isReuse) {
      this.reuses += 1
      this.#revoked = true
    }
    return refusal(isReuse ? 'refresh_token_reused' : 'refresh_token_invalidated', atMs)
  }
}

export function refusal(code: string, seenAtMs: number, status = 401): RefreshReply {
  const body = JSON.stringify({ error: { message: 'Please try signing in again.', code } })
  const failure = classify({
    channel: 'http',
    provider: 'openai-codex',
    api: 'oauth',
    status,
    headers: {},
    body,
    seenAtMs,
  })
  return failure.label === 'auth_revoked'
    ? { kind: 'refused', failure }
    : { kind: 'trouble', failure, spent: status >= 500 }
}
