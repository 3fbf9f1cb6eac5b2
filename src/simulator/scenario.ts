import type { WireName } from '../wire/wire.ts'

/** An error object as providers write it; unknown fields pass. */
export interface SimulatedError {
  readonly code?: string | number
  readonly type?: string
  readonly message: string
  readonly [field: string]: unknown
}

/** Where a stream is when something happens to it. */
export type Moment = 'before_headers' | 'before_output' | 'after_output'

/** What a simulated provider does with one call. */
export type Step =
  /** A complete good answer. */
  | {
      readonly kind: 'answer'
      readonly text?: string
      /** A reasoning item without visible text comes first (Responses only). */
      readonly reasoningFirst?: true
      readonly toolCall?: { readonly name: string; readonly arguments: string }
      /** Fields and one event that no client knows: they must pass untouched. */
      readonly unknownFields?: Readonly<Record<string, unknown>>
      readonly headers?: Readonly<Record<string, string>>
      /** Text pieces of a stream. @default 4 */
      readonly chunks?: number
    }
  /** HTTP 200 that is a failure: `status: "failed"`, an error event, an error object. */
  | {
      readonly kind: 'failed'
      readonly error: SimulatedError
      readonly reasoningFirst?: true
      /** Visible text before the failure: from there on nothing may be replayed. */
      readonly textFirst?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** A true HTTP error. */
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
      readonly then?: 'end' | 'cut' | 'hang'
    }
  /** Bytes exactly as given. */
  | {
      readonly kind: 'raw'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
    }
  /** The socket dies. */
  | { readonly kind: 'cut'; readonly at: Moment }
  /** The stream ends politely without its terminal event; a body ends in the middle of its JSON. */
  | { readonly kind: 'end_early'; readonly at: Exclude<Moment, 'before_headers'> }
  /** Silence, until the caller leaves. */
  | { readonly kind: 'hang'; readonly at: Moment }

/** A usage window: `calls` are answered, then the provider refuses until the reset. */
export interface SimulatedQuota {
  readonly calls: number
  readonly windowMinutes: number
  /** @default the whole window */
  readonly resetsInSeconds?: number
  /** How the refusal is dressed. `soft`: HTTP 200 with a failed response. @default http */
  readonly refusal?: 'http' | 'soft'
}

/** One account or key of the simulated provider. */
export interface CredentialScript {
  readonly accountId?: string
  /** What happens on its 1st, 2nd, ... call; the last one repeats. @default good answers */
  readonly steps?: readonly Step[]
  readonly quota?: SimulatedQuota
}

export interface Scenario {
  readonly name: string
  /** One line for people. */
  readonly description: string
  /** Whose headers and error bodies are imitated. @default openai */
  readonly style?: ProviderStyle
  /** By token. An unknown token is refused as the real provider would. */
  readonly credentials: Readonly<Record<string, CredentialScript>>
  /** @default ['gpt-5.5', 'claude-sonnet-5'] */
  readonly models?: readonly string[]
}

export type ProviderStyle = 'openai-codex' | 'openai' | 'anthropic' | 'openrouter'

/** One request as it arrived. */
export interface SeenRequest {
  readonly path: string
  readonly wire: WireName
  readonly token: string
  readonly accountId: string | undefined
  readonly model: string
  readonly stream: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  readonly atMs: number
}
