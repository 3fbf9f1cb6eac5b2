import type { Call } from './call.ts'
import { RequestTooDeepError } from './prepare.ts'

/** A changed body needs bytes of its own. @throws RequestTooDeepError when nobody could write it */
export function rewrittenCall(call: Call, body: Call['body'], headers: Call['headers'] = call.headers): Call {
  return { ...call, body, headers, bytes: writtenBody(body) }
}

export function writtenBody(body: Call['body']): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(body))
  } catch (error) {
    if (error instanceof RangeError) throw new RequestTooDeepError('the request body is nested too deeply')
    throw error
  }
}
