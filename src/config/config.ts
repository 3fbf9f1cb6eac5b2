import type { Rule } from '../failure/rule.ts'
import type { Policy } from '../recovery/policy.ts'
import type { RepairName } from '../recovery/repair-names.ts'
import type { HistoryBounds } from '../pool/store-contract.ts'
import type { StrategyName } from '../pool/strategies.ts'
import type { Billing } from '../providers/provider.ts'
import type { WireName } from '../wire/wire.ts'

/** Everything that is configured, with its defaults. Immutable: a reload makes a new one. */
export interface Config {
  readonly listen: { readonly host: string; readonly port: number }
  readonly store: string
  /** Where the key of the stored secrets lives; `SPAREKEY_KEY` wins over both. */
  readonly key: 'file' | 'keychain'
  readonly providers: Readonly<Record<string, ProviderConfig>>
  /** Names that clients may ask for -> routes as text (`provider/model`). */
  readonly models: Readonly<Record<string, readonly string[]>>
  /** Appended to every chain. */
  readonly fallback: readonly string[]
  /** What else chains have beside their routes, by their name under `models`. */
  readonly chains?: Readonly<Record<string, ChainConfig>>
  /** Whether a metered route may follow one that costs nothing more. */
  readonly fallbackPolicy: FallbackPolicy
  /** Keep failures that no row knew for sure in `failures.jsonl`, without secrets. */
  readonly recordFailures: boolean
  readonly policy: Policy
  /** Conversations that are too long are made shorter. @default they are not: the caller is told */
  readonly compression?: { readonly summaryRoute?: string; readonly keepSteps: number }
  /** Conversations whose clients send only what is new are kept. @default they are not */
  readonly history?: HistoryBounds
  /** Repairs of refused requests that are switched off. */
  readonly repairsOff: readonly RepairName[]
  readonly limits: ConfigLimits
  /** Client keys by their SHA-256 (hex, lower case); empty = open. */
  readonly clients: ReadonlyArray<{
    readonly name: string
    readonly sha256: string
    /** Holds beside that of the chain: the stricter one wins. */
    readonly fallbackPolicy?: FallbackPolicy
  }>
  /** Which source won for a setting: `limits.idleMs` -> `SPAREKEY_LIMITS_IDLE_MS`. Settings at their default are left out. */
  readonly sources: Readonly<Record<string, string>>
  /** Where providers and routes stand in the file (`models.gpt-5[1]`), for problems found later. */
  readonly places?: ReadonlyMap<string, { readonly line: number; readonly column: number }>
}

/** `any` takes it and says so · `ask-header` only when the request allows it · `subscription-only` never. */
export type FallbackPolicy = 'any' | 'ask-header' | 'subscription-only'

export interface ChainConfig {
  /** Instead of the configuration's. */
  readonly fallback?: readonly string[] | undefined
  readonly fallbackPolicy?: FallbackPolicy | undefined
}

export interface ModelCapabilities {
  /** Tokens of a request and its answer together. */
  readonly contextTokens?: number | undefined
  readonly maxOutputTokens?: number | undefined
  readonly tools?: boolean | undefined
  readonly images?: boolean | undefined
  /** Answers by a JSON schema. */
  readonly structuredOutput?: boolean | undefined
}

export interface ProviderConfig {
  readonly type?: string | undefined
  readonly wires?: readonly WireName[] | undefined
  readonly baseUrl?: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly models: readonly string[]
  readonly strategy: StrategyName
  /** Strategies of single models. */
  readonly modelStrategies: Readonly<Record<string, StrategyName>>
  readonly affinity: 'session' | 'none'
  /** Percent left in the tightest window below which `quota_aware` moves on. */
  readonly avoidBelow: number
  readonly maxConcurrent?: number | undefined
  /** The strategy moves on at most this often, ms. */
  readonly minRotationIntervalMs: number
  readonly oauth?: OAuthConfig | undefined
  readonly proxy?: string | undefined
  /** Answers `/messages/count_tokens`. @default what is known of the provider */
  readonly countsTokens?: boolean | undefined
  /** What its models are known to be able to, by model; `*` = all that are not named. What is not known is taken to be possible. */
  readonly capabilities?: Readonly<Record<string, ModelCapabilities>> | undefined
  /** false: never HTTP/2. @default where the provider offers it and no proxy stands between */
  readonly http2?: boolean | undefined
  /** @default the provider's own */
  readonly billing?: Billing | undefined
  /** Rows of the user's own, tried before the built-in ones. */
  readonly rules: readonly Rule[]
}

/** Where and as whom logins of a provider are made; what is absent is the provider's own. */
export interface OAuthConfig {
  readonly issuer?: string | undefined
  readonly authorizeUrl?: string | undefined
  readonly tokenUrl?: string | undefined
  readonly deviceUrl?: string | undefined
  readonly revokeUrl?: string | undefined
  readonly clientId?: string | undefined
  readonly clientSecretEnv?: string | undefined
  readonly scopes?: readonly string[] | undefined
  readonly callbackPorts?: readonly number[] | undefined
  readonly grant?: 'user' | 'client-credentials' | undefined
}

/** Milliseconds; see `relay/call.ts`. */
export interface ConfigLimits {
  readonly deadlineMs: number
  readonly connectMs: number
  readonly firstByteMs: number
  readonly idleMs: number
  readonly holdMs: number
  readonly heartbeatMs: number
  readonly maxConcurrentPerCredential: number
  /** A gateway that is told to stop lets its calls end for this long. */
  readonly drainMs: number
  /** Calls that one gateway process answers at once; 0 = no limit. */
  readonly maxCalls: number
  /** Calls are refused while the event loop is lastingly later than this; 0 = no limit. */
  readonly maxLagMs: number
}

/** What a configuration says when it says nothing. */
export const CONFIG_DEFAULTS = {
  listen: '127.0.0.1:8787',
  store: 'sqlite',
  key: 'file',
  strategy: 'fill_first',
  affinity: 'session',
  recordFailures: true,
  avoidBelow: 20,
  keepSteps: 4,
  history: { keepMs: 7 * 86_400_000, maxBytes: 16 * 1024 * 1024, maxTotalBytes: 256 * 1024 * 1024 },
  limits: {
    deadlineMs: 600_000,
    connectMs: 10_000,
    firstByteMs: 120_000,
    idleMs: 300_000,
    holdMs: 5_000,
    heartbeatMs: 10_000,
    maxConcurrentPerCredential: 0,
    drainMs: 30_000,
    maxCalls: 10_000,
    maxLagMs: 1_000,
  },
} as const

/** Something in a configuration that cannot be right. */
export interface ConfigProblem {
  /** File, or the environment variable or flag. */
  readonly where: string
  readonly line?: number
  readonly column?: number
  /** `providers.openai-codex.strategy` */
  readonly key: string
  readonly message: string
  /** The nearest valid key or value. */
  readonly nearest?: string
}

/** `config.yaml:7:3  providers.openai.stratgy: unknown key; did you mean "strategy"?` */
export function describeProblem({ where, line, column, key, message, nearest }: ConfigProblem): string {
  const place = line === undefined ? where : `${where}:${line}:${column ?? 1}`
  return `${place}  ${key === '' ? '' : `${key}: `}${message}${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`
}
