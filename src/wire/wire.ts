import type { Evidence, Failure } from '../failure/evidence.ts'
import type { SseFrame } from './sse.ts'

/** The three protocols a call can be served in. */
export type WireName = 'responses' | 'chat-completions' | 'messages'

/** What a soft failure looks like before context (provider, headers, time) is added: the wire's part of `Evidence`. */
export type WireEvidence = Pick<Evidence, 'channel'> &
  Partial<Pick<Evidence, 'body' | 'eventName' | 'status' | 'error'>>

/** What one stream frame means for the caller's patience. */
export type FrameMeaning =
  /** Handshake, ping, reasoning without text: may be held back. */
  | { readonly kind: 'handshake' }
  /** Something a person or an agent can see: the commit point. */
  | { readonly kind: 'visible' }
  /** The stream is complete; nothing after this frame matters. `visible` when a complete answer came in this frame itself. */
  | { readonly kind: 'complete' }
  | { readonly kind: 'failure'; readonly evidence: WireEvidence }

/** Tokens as counted by the provider, when it said. */
export interface Usage {
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly cachedTokens?: number
}

/** Watches one stream, frame by frame. One instance per attempt. */
export interface StreamObserver {
  observe(frame: SseFrame): FrameMeaning
  /** Called when the bytes ended without `complete`: a stream without its terminal event is a failure. `undefined` if it was complete after all. */
  end(): WireEvidence | undefined
  /** Tokens seen so far. */
  usage(): Usage | undefined
}

/** What the gateway must know of a request body; nothing else in it is looked at. */
export interface RequestFacts {
  /** @returns undefined when the body names none */
  readonly model: string | undefined
  readonly stream: boolean
}

/** An error in the caller's own words. */
export interface RenderedError {
  readonly status: number
  /** Without content-length; includes content-type, `retry-after`, `x-should-retry` where they apply. */
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly body: string
}

/** What a caller is told when everything failed: the best failure plus one line for each attempt. */
export interface GivenUp {
  readonly failure: Failure
  /** Epoch ms of the earliest known return of a credential, if any. */
  readonly earliestReturnMs?: number
  readonly nowMs: number
  readonly attempts: ReadonlyArray<{
    readonly provider: string
    readonly credential: string
    readonly label: string
    readonly status?: number
  }>
  /** Routes that were possible and that the fallback policy keeps the call from. */
  readonly withheld?: ReadonlyArray<{ readonly route: string; readonly reason: string }>
  /** The answer broke off behind visible output: nothing could be repeated for the caller, who can ask again. */
  readonly isLate?: true
  /** The gateway's own machine code, e.g. `no_credential`, `exhausted`, `invalid_json`. */
  readonly code?: string
}

/** One protocol: how its failures look, and how to fail in it. Pure; no I/O, no clock. */
export interface WireProtocol {
  readonly name: WireName
  /** Path below a base URL that ends in `/v1` (OpenAI style): `/responses`, `/chat/completions`, `/messages`. */
  readonly path: string
  /** Reads model and stream flag. @returns undefined when `body` is not a JSON object */
  readRequest(body: unknown): RequestFacts | undefined
  /** Judges a complete 200 body (raw text, parsed or not): a failure in disguise, or undefined when it is an answer. */
  bodyFailure(text: string): WireEvidence | undefined
  /** Tokens of a complete 200 body. */
  bodyUsage(text: string): Usage | undefined
  observeStream(): StreamObserver
  /** A non-streaming error answer. */
  renderError(given: GivenUp): RenderedError
  /** The end of a stream that failed after (or instead of) output: bytes that every client of this wire reads as an error. */
  renderStreamError(given: GivenUp): string
  /** Keeps the client's idle timer from firing while events are held. */
  heartbeat(): string
}
