import type { ApiName, Channel, ErrorEvidence, Evidence, HeaderRecord } from './evidence.ts'
import { LONGEST_BODY_CHARACTERS } from './observe-http.ts'

/** Evidence of a failure inside a 200: what the wire saw, and the answer that it came with. */
export function observeSoft(
  found: {
    readonly channel: Channel
    readonly body?: string
    readonly eventName?: string
    readonly error?: ErrorEvidence
  },
  answer: {
    readonly provider: string
    readonly api: ApiName
    readonly model?: string
    readonly status: number
    readonly headers: HeaderRecord
    readonly seenAtMs: number
    readonly hadOutput: boolean
  },
): Evidence {
  const { hadOutput, model, ...rest } = answer
  return {
    ...rest,
    channel: found.channel,
    ...(model === undefined ? {} : { model }),
    ...(found.body === undefined ? {} : { body: found.body.slice(0, LONGEST_BODY_CHARACTERS) }),
    ...(found.eventName === undefined ? {} : { eventName: found.eventName }),
    ...(found.error === undefined ? {} : { error: found.error }),
    hadOutput,
  }
}
