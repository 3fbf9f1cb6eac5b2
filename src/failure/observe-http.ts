import type { ApiName, Evidence, HeaderRecord } from './evidence.ts'

/** Bodies are read no further than this: an error message has ended long before. */
export const LONGEST_BODY_CHARACTERS = 65_536

/** Evidence of an HTTP answer that is not a success. */
export function observeHttp(seen: {
  readonly provider: string
  readonly api: ApiName
  readonly model?: string
  readonly status: number
  readonly headers: HeaderRecord
  readonly body: string
  readonly seenAtMs: number
}): Evidence {
  const body = bodyOf(seen.headers, seen.body)
  return {
    channel: 'http',
    provider: seen.provider,
    api: seen.api,
    ...(seen.model === undefined ? {} : { model: seen.model }),
    status: seen.status,
    headers: seen.headers,
    ...(body === '' ? {} : { body }),
    seenAtMs: seen.seenAtMs,
  }
}

/** ChatGPT's edge puts the reason of a 401 into a header when the body says only "Unauthorized". Source: codex api_bridge.rs, 2026-08. */
function bodyOf(headers: HeaderRecord, body: string): string {
  const encoded = headers['x-error-json']
  if (encoded !== undefined && !body.includes('"error"')) {
    try {
      const text = atob(encoded)
      if (text.startsWith('{')) return text.slice(0, LONGEST_BODY_CHARACTERS)
    } catch {
      // Not base64: the body speaks for itself.
    }
  }
  return body.slice(0, LONGEST_BODY_CHARACTERS)
}
