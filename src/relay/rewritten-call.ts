import type { Call } from './call.ts'

/** What a recursive writer cannot write (V8: some thousand levels) is the request's own doing. */
export class RequestTooDeepError extends Error {
  override readonly name = 'RequestTooDeepError'
}

/** A changed body needs bytes of its own. @throws RequestTooDeepError when nobody could write it */
export function rewrittenCall(call: Call, body: Call['body'], headers: Call['headers'] = call.headers): Call {
  return { ...call, body, headers, bytes: writtenBody(body) }
}

/** @throws RequestTooDeepError when nobody could write it */
export function writtenBody(body: Call['body']): Uint8Array {
  const bytes = writableBody(body)
  if (bytes === undefined) throw new RequestTooDeepError('the request body is nested too deeply')
  return bytes
}

/** @returns undefined when nobody could write it */
export function writableBody(body: Call['body']): Uint8Array | undefined {
  try {
    return Buffer.from(JSON.stringify(body))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
