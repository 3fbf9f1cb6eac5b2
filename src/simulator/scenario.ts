import type { WireName } from '../wire/wire.ts'

/** An error object as providers write it; unknown fields pass. */
export interface SimulatedError {
  readonly code?: string | number
  readonly type?: string
  readonly message: string
  readonly [field: string]: unknown
}

/** Where an answer is when something happens to it; `afterEvents: 3` is right behind the third event of a stream. */
export type Moment = 'before_headers' | 'before_output' | 'after_output' | { readonly afterEvents: number }

/**
 * How a stream tells its failure; a dress that a wire does not know is its usual one.
 * Responses: `error_and_failed` (usual, as captured live), `error_event` alone, `flat_error_event` (as documented), `failed_event` alone.
 * Chat Completions: `error_chunk` (usual), `finish_reason_error` (OpenRouter). Messages: `error_event` (usual), `first_event` (nothing before it).
 */
export type Dress =
  | 'error_and_failed'
  | 'error_event'
  | 'flat_error_event'
  | 'failed_event'
  | 'error_chunk'
  | 'finish_reason_error'
  | 'first_event'

export interface SimulatedToolCall {
  readonly name: string
  /** JSON text. */
  readonly arguments: string
}

/** What a simulated provider does with one call. */
export type Step =
  /** A complete good answer. */
  | {
      readonly kind: 'answer'
      /** @default 'The answer is 42.' */
      readonly text?: string
      /** Reasoning comes first: without visible text (`true`), or with this summary. Chat Completions knows only the latter. */
      readonly reasoningFirst?: true | string
      /** Instead of a text: one call, or several side by side. */
      readonly toolCall?: SimulatedToolCall | readonly SimulatedToolCall[]
      /** Fields and one event that no client knows: they must pass untouched. */
      readonly unknownFields?: Readonly<Record<string, unknown>>
      readonly headers?: Readonly<Record<string, string>>
      /** Text pieces of a stream. @default 4 */
      readonly chunks?: number
      /** @default 12 in, 6 out, 0 cached */
      readonly usage?: { readonly inputTokens: number; readonly outputTokens: number; readonly cachedTokens?: number }
      /** A slow provider: the pause before each event of a stream, or before the body, in ms. @default 0 */
      readonly everyMs?: number
    }
  /** An answer that stopped early by itself: at the caller's token limit, or by the provider's filter before a word was said. */
  | { readonly kind: 'incomplete'; readonly reason: 'max_output_tokens' | 'content_filter' }
  /** HTTP 200 that is a failure: `status: "failed"`, an error event, an error object. */
  | {
      readonly kind: 'failed'
      readonly error: SimulatedError
      readonly reasoningFirst?: true
      /** Visible text before the failure: from there on nothing may be replayed. */
      readonly textFirst?: string
      readonly dress?: Dress
      readonly headers?: Readonly<Record<string, string>>
    }
  /** A true HTTP error. A text body is sent as it is. */
  | {
      readonly kind: 'error'
      readonly status: number
      readonly body: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Events exactly as given. */
  | {
      readonly kind: 'events'
      readonly events: ReadonlyArray<{ readonly event?: string; readonly data: unknown }>
      /** @default end */
      readonly ending?: 'end' | 'cut' | 'hang'
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Bytes exactly as given. */
  | {
      readonly kind: 'raw'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  /** A web page instead of an answer. @default status 200 */
  | { readonly kind: 'html'; readonly status?: number }
  /** HTTP 200 with nothing in it: no `bytes` at all, or a well-formed answer without `output`. */
  | { readonly kind: 'empty'; readonly of: 'bytes' | 'output' }
  /** HTTP 200 whose JSON, or whose events, are no JSON. */
  | { readonly kind: 'malformed' }
  /** The socket dies: closed in the middle, or `reset` (ECONNRESET). @default how close */
  | { readonly kind: 'cut'; readonly at: Moment; readonly how?: 'close' | 'reset' }
  /** The stream ends politely without its terminal event; a body ends in the middle of its JSON. */
  | { readonly kind: 'end_early'; readonly at: Exclude<Moment, 'before_headers'> }
  /** Silence, until the caller leaves. */
  | { readonly kind: 'hang'; readonly at: Moment }

/** A usage window: `calls` are answered, then the provider refuses until the reset. */
export interface SimulatedQuota {
  readonly calls: number
  readonly windowMinutes: number
  /** From the first call of a window. @default the whole window */
  readonly resetsInSeconds?: number
  /** The first reset as epoch ms, instead of a time after the first call. */
  readonly resetAtMs?: number
  /** How the refusal is dressed. `soft`: HTTP 200 with a failed response. @default http */
  readonly refusal?: 'http' | 'soft'
  /** A longer window that is announced beside it and never refuses (the weekly one of subscriptions). */
  readonly beside?: { readonly usedPercent: number; readonly windowMinutes: number; readonly resetsInSeconds: number }
}

/** One account or key of the simulated provider. */
export interface CredentialScript {
  /** The Codex backend answers 401 when the account id of a request is another one. @default not looked at */
  readonly accountId?: string
  /** What happens on its 1st, 2nd, ... call; the last one repeats. @default good answers */
  readonly steps?: readonly Step[]
  readonly quota?: SimulatedQuota
}

export interface Scenario {
  readonly name: string
  /** One line for people. */
  readonly description: string
  /** Whose headers and error bodies are imitated. @default by path and wire: openai-codex, anthropic or openai */
  readonly style?: ProviderStyle
  /** By token. */
  readonly credentials: Readonly<Record<string, CredentialScript>>
  /** For every other token, each with its own progress. @default refused as the real provider would */
  readonly otherwise?: CredentialScript
  /** @default ['gpt-5.5', 'claude-sonnet-5'] */
  readonly models?: readonly string[]
}

export type ProviderStyle = 'openai-codex' | 'openai' | 'anthropic' | 'anthropic-subscription' | 'openrouter'

/** One request as it arrived. */
export interface SeenRequest {
  /** Without the query. */
  readonly path: string
  /** Prefix of the scenario that served it; empty when there is only one. */
  readonly mount: string
  readonly wire: WireName
  readonly token: string
  readonly accountId: string | undefined
  readonly model: string
  readonly stream: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  readonly atMs: number
}
