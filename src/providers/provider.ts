import type { HeaderRecord } from '../failure/evidence.ts'
import type { Rule } from '../failure/rule.ts'
import type { AccountIdentity } from '../oauth/account-identity.ts'
import type { OAuthSettings } from '../oauth/oauth-settings.ts'
import type { WireName } from '../wire/wire.ts'

/** Header names (lower case) and values. */
export type HeaderPairs = ReadonlyArray<readonly [name: string, value: string]>

/** The secret and identity that a provider needs to build its headers. */
export interface ProviderSecret {
  readonly token: string
  readonly accountId?: string
}

/** One usage window that the provider announced. */
export interface QuotaWindow {
  /** `5h`, `7d`, `requests`, `tokens`, ... */
  readonly name: string
  readonly usedPercent: number
  /** Length in minutes, when announced. */
  readonly windowMinutes?: number
  /** Epoch ms. */
  readonly resetAt?: number
  /**
   * The window counts this model only. Where the provider does not say which models a limit counts, the limit's own id stands here:
   * no route's model equals it, so that the whole account is never left alone for it.
   */
  readonly model?: string
  /** Id of the limit, when the provider names one: `codex_bengalfox`. */
  readonly family?: string
  /** What is left and what there is in all, in the provider's own unit (requests, tokens, credits), when announced. */
  readonly remaining?: number
  readonly limit?: number
}

/** What an answer says about the account, beside its windows. */
export interface AccountReading {
  /** The provider's own word for the plan, lower case; unknown ones are as good as known ones. */
  readonly planType?: string
  /** Prepaid credits or balance; `balance` in the provider's unit, negative for a debt. */
  readonly credits?: { readonly hasCredits: boolean; readonly unlimited: boolean; readonly balance?: number }
}

/** What a usage endpoint said. */
export interface UsageReading {
  readonly windows: readonly QuotaWindow[]
  readonly account?: AccountReading
  /** Epoch ms per model slug at which it returns; absent = available. */
  readonly modelReturns?: Readonly<Record<string, number>>
}

/** An endpoint that tells about quota without using any. */
export interface UsageProbe {
  /** The GET request. Its URL stays on the origin of `baseUrl`: a key is never sent elsewhere (68237). */
  request(secret: ProviderSecret, baseUrl: string): { readonly url: string; readonly headers: HeaderPairs }
  /** @returns undefined when nothing was learnt: an error status (a 401 of the probe is no evidence about quota, 89415), an unknown shape. Never throws. */
  read(status: number, headers: HeaderRecord, body: string, nowMs: number): UsageReading | undefined
}

/** A request on its way to the provider, before credentials are added. */
export interface OutgoingRequest {
  readonly wire: WireName
  readonly model: string
  /** What the caller wants: a stream or one body. */
  readonly stream: boolean
  /** End-to-end headers of the caller: credentials, host and hop-by-hop ones are already gone. */
  readonly headers: HeaderPairs
  /** Parsed JSON body with the route's model name already set. Treat as frozen. */
  readonly body: Readonly<Record<string, unknown>>
}

/** What a provider changed in a request, so that it can be told (`x-sparekey-dropped`). */
export interface AdaptedRequest {
  readonly body: Readonly<Record<string, unknown>>
  readonly headers?: HeaderPairs
  /** Names of fields that this backend refuses and that were left out. */
  readonly dropped: readonly string[]
  /** The upstream always streams; the relay gathers the events for a caller that wants one body. */
  readonly gather: boolean
}

/** `metered`: each call costs money. The others cost nothing more. */
export type Billing = 'subscription' | 'metered' | 'free'

/** An upstream API: one file each. Everything the house knows about it stands there. */
export interface Provider {
  readonly id: string
  /** For people: `OpenAI Codex (ChatGPT login)`. */
  readonly label: string
  /** Other names under which people and tools know it; lower case. */
  readonly aliases?: readonly string[]
  /** Protocols it speaks natively, the preferred one first. */
  readonly wires: readonly WireName[]
  /** Without trailing slash. Empty for `openai-compatible`, where the configuration must give one. */
  readonly baseUrl: string
  /** Path below `baseUrl` per wire. @default the wire's own path (`/responses`, `/chat/completions`, `/messages`) */
  readonly paths?: Partial<Readonly<Record<WireName, string>>>
  /** Answers `POST <messages path>/count_tokens`. @default not known to: tokens are estimated here */
  readonly countsTokens?: true
  /** Which ids of tool calls it takes. @default any of up to 64 letters, digits, `_` and `-` */
  readonly toolCallIds?: 'common' | 'nine'
  /** false: it keeps no answers that a later request could go on from by their id. @default it does, where its protocol knows them */
  readonly keepsAnswers?: false
  readonly auth: ReadonlyArray<'api-key' | 'oauth'>
  /** How people sign in. @default only with an "oauth" section of the configuration */
  readonly oauth?: OAuthSettings
  /** What one more call costs: nothing (an account that is paid for anyway, a machine of one's own), or its tokens. */
  readonly billing: Billing
  /** Environment variables in which people keep this provider's key. */
  readonly environmentVariables: readonly string[]
  /** Authentication headers; the caller's own are removed before. `incoming` = the caller's headers, lower case. */
  authHeaders(secret: ProviderSecret, wire: WireName, incoming: HeaderRecord): HeaderPairs
  /** Changes what this backend refuses. @default nothing changes and bytes pass untouched */
  adapt?(request: OutgoingRequest): AdaptedRequest
  /** Rows that hold for this provider only; tried before the common ones. */
  readonly rules: readonly Rule[]
  /** Windows announced in headers of any answer. */
  readQuota?(headers: HeaderRecord, nowMs: number): readonly QuotaWindow[]
  /** Headers that `readQuota` reads, for the docs. @default `x-ratelimit-*` */
  readonly quotaHeaders?: readonly string[]
  /** Plan and credits announced in headers of any answer. */
  readAccount?(headers: HeaderRecord): AccountReading | undefined
  /** Where quota can be asked for. @default nowhere: only live answers tell */
  readonly usageProbe?: UsageProbe
  /** Identity read from a pasted token (JWT claims), so that one account is one credential. */
  identify?(token: string): AccountIdentity | undefined
  /** Models it lists without asking (subscription backends). @default none */
  readonly models?: readonly string[]
}

/** Declares a provider; only checks types. */
export function defineProvider(provider: Provider): Provider {
  return provider
}
