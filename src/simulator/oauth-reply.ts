/** What the authorization server answers. */
export interface OAuthReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function jsonReply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): OAuthReply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  }
}

export function pageReply(status: number, title: string, content: string): OAuthReply {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1>${content}</body></html>`,
  }
}

export function redirectReply(location: string): OAuthReply {
  return { status: 302, headers: { location, 'cache-control': 'no-store' }, body: '' }
}

/** RFC 6749 5.2. */
export function oauthError(code: string, description: string, status = 400): OAuthReply {
  return jsonReply(status, { error: code, error_description: description })
}

/** How ChatGPT's token endpoint refuses a refresh. Source: wire captures and the open-source Codex CLI, 2026-08. */
export function refreshRefusal(why: 'expired' | 'reused' | 'invalidated'): OAuthReply {
  const message = {
    expired: 'Your refresh token has expired. Please try signing in again.',
    reused: 'Your refresh token has already been used to generate a new access token. Please try signing in again.',
    invalidated: 'Your refresh token has been invalidated. Please try signing in again.',
  }[why]
  return jsonReply(401, {
    error: { message, type: 'invalid_request_error', param: null, code: `refresh_token_${why}` },
  })
}
