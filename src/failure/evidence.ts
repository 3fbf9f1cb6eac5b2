import type { Blame, FailureLabel } from './labels.ts'

/** The protocols a call can be spoken in. `gemini`, `bedrock` and `oauth` exist for classification only. */
export type ApiName = 'responses' | 'chat-completions' | 'messages' | 'gemini' | 'bedrock' | 'oauth' | 'other'

/**
 * How the failure reached us. A channel never decides a label (invariant I9): it only says where to look for the words.
 * `http`: status >= 400 · `body`: HTTP 200 whose JSON is a failure · `event`: an event inside a stream ·
 * `end`: a stream or body that ended without its terminal mark · `exception`: the transport threw.
 */
export type Channel = 'http' | 'body' | 'event' | 'end' | 'exception'

/** Lower-case header name -> value. Repeated headers are joined with ", ". */
export type HeaderRecord = Readonly<Record<string, string>>

/** What was seen: one shape for an HTTP error, a 200 soft failure, a stream event and an exception. */
export interface Evidence {
  readonly channel: Channel
  /** Provider rules to try first: a provider id such as `openai-codex`, or a configured name's type. */
  readonly provider: string
  readonly api: ApiName
  /** The model that was asked for, if known. */
  readonly model?: string
  /** HTTP status of the answer (200 for soft failures); absent when no answer arrived. */
  readonly status?: number
  readonly headers: HeaderRecord
  /** The body, the event's data or the part of it that describes the failure, as text; bounded to 64 KiB by the observers. */
  readonly body?: string
  /** SSE event name, when the channel is `event`. */
  readonly eventName?: string
  /** The thrown error, flattened with its cause chain, when the channel is `exception` or `end`. */
  readonly error?: ErrorEvidence
  /** True once something visible (text, tool call, refusal) was streamed. Never decides the label. */
  readonly hadOutput?: boolean
  /** Epoch ms when it was seen: relative times in the payload count from here. */
  readonly seenAtMs: number
}

/** A thrown error as plain data: names, codes and messages along the cause chain, outermost first. */
export interface ErrorEvidence {
  readonly name: string
  /** `ECONNRESET`, `UND_ERR_HEADERS_TIMEOUT`, a numeric SDK status, ... */
  readonly code?: string | number
  readonly message: string
  readonly cause?: ErrorEvidence
}

/** Evidence with its label: what every later decision reads. */
export interface Failure {
  readonly label: FailureLabel
  readonly blame: Blame
  /** One sentence from the provider (or about the transport), secrets redacted, at most 500 characters. */
  readonly message: string
  /** The provider's own machine code or type, when it gave one. */
  readonly code?: string
  readonly type?: string
  /** Wait at least this long, ms from `evidence.seenAtMs`. */
  readonly retryAfterMs?: number
  /** Epoch ms at which the limit resets. */
  readonly resetAt?: number
  /** Where `retryAfterMs` / `resetAt` come from, for evidence precedence. */
  readonly timeSource?: 'body' | 'header' | 'prose' | 'calendar'
  /** True when the failure is about this model only, not about the whole credential. */
  readonly modelScoped: boolean
  /** Limits shared by several credentials (organisation, project, account id), when the payload names one. */
  readonly quotaGroup?: string
  /** Name of the row that matched, for "why": `openai-codex/event-usage-limit`, `common/status-503`, ... */
  readonly rule: string
  /** `exact`: code or type matched · `text`: prose · `status`: only the status spoke · `none`: nothing did. */
  readonly confidence: 'exact' | 'text' | 'status' | 'none'
  readonly evidence: Evidence
}
