import type { SparekeyError } from '../failure/sparekey-error.ts'
import type { HeaderList } from '../platform/network.ts'

/** `ai-sdk/provider-utils/4.0.65` in version 6, `ai-sdk-provider-utils/5.0.81` in version 7. */
const ITS_PACKAGES = /\bai-sdk[-/]/

/** Whether a request was made by the Vercel AI SDK: its packages name themselves. */
export function isAiSdk(headers: Headers): boolean {
  return ITS_PACKAGES.test(headers.get('user-agent') ?? '')
}

/** The answer that would have been given. */
interface Answered {
  readonly request: Request
  readonly status: number
  readonly headers: HeaderList
  readonly body: string
}

/**
 * The same error, known to the AI SDK as its own `APICallError` that is not worth a retry: programs that look for one go on to find it.
 * From a `Response` the SDK would decide by the status alone, and ask the whole chain twice more.
 */
export function forAiSdk(error: SparekeyError, { request, status, headers, body }: Answered): SparekeyError {
  return Object.assign(error, {
    [Symbol.for('vercel.ai.error')]: true,
    [Symbol.for('vercel.ai.error.AI_APICallError')]: true,
    isRetryable: false,
    url: request.url,
    statusCode: status,
    responseHeaders: Object.fromEntries(headers),
    responseBody: body,
    requestBodyValues: {},
  })
}
