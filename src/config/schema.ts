import { z } from 'zod'
import { FAILURE_LABELS, type FailureLabel } from '../failure/labels.ts'
import type { StrategyName } from '../pool/strategies.ts'
import type { Action } from '../recovery/policy.ts'
import { REPAIRS, type RepairName } from '../recovery/repair-names.ts'
import type { Billing } from '../providers/provider.ts'
import { CONFIG_DEFAULTS, type FallbackPolicy } from './config.ts'
import { userRulesSchema } from './user-rules.ts'
import type { WireName } from '../wire/wire.ts'

/** What a file may say. Unknown keys are errors: a misspelt key that is ignored looks like a setting that does not work. */

/** Exhaustive by type: an action, strategy or wire that the house learns cannot be forgotten here. */
const ACTIONS = {
  refresh: true,
  reread: true,
  wait: true,
  rotate: true,
  retry: true,
  try_another: true,
  repair: true,
  fallback: true,
  surface: true,
  stop: true,
} as const satisfies Record<Action, true>
const STRATEGIES = {
  fill_first: true,
  round_robin: true,
  random: true,
  least_used: true,
  quota_aware: true,
} as const satisfies Record<StrategyName, true>
const WIRES = { responses: true, 'chat-completions': true, messages: true } as const satisfies Record<WireName, true>

const BILLINGS = { subscription: true, metered: true, free: true } as const satisfies Record<Billing, true>
const POLICIES = { any: true, 'ask-header': true, 'subscription-only': true } as const satisfies Record<
  FallbackPolicy,
  true
>

/** Headers that frame the message or the connection: they belong to the one who sends, and the network refuses them. */
const FRAMING = /^(?:connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i

const url = z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' })
// A path is appended, so that anything behind "?" or "#" would swallow it.
const baseUrl = url.refine((text) => !/[?#]/.test(text), 'must have no "?" and no "#": paths are appended to it')
const ms = z.int().min(0).max(86_400_000).describe('Milliseconds, at most a day')
const positiveMs = z.int().min(1).max(86_400_000).describe('Milliseconds, at most a day')
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*$/, 'a name has lower-case letters, digits, dots, dashes and underscores')
/** `provider/model`; a model of `*` is the one that was asked for. */
const route = z.string().regex(/^[a-z0-9][a-z0-9._-]*\/\S+$/, 'a route is provider/model')

// A line break in a header would fail every call, far from the line that caused it.
const headers = z
  .record(
    z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'is not a header name'),
    z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header value is one line of plain text'),
  )
  .refine(
    (record) => !Object.keys(record).some((each) => FRAMING.test(each)),
    'may not hold headers of the connection, such as content-length or connection',
  )

const provider = z
  .strictObject({
    type: name.describe('A built-in provider whose rules and headers to use, for a name of your own').optional(),
    wire: z.enum(keys(WIRES)).optional(),
    wires: z
      .array(z.enum(keys(WIRES)))
      .min(1)
      .optional(),
    baseUrl: baseUrl.optional(),
    headers: headers.optional(),
    models: z.array(z.string().min(1)).optional(),
    strategy: z.enum(keys(STRATEGIES)).optional(),
    modelStrategies: z
      .record(z.string().min(1), z.enum(keys(STRATEGIES)))
      .describe('Strategies of single models; the others use `strategy`')
      .optional(),
    affinity: z.enum(['session', 'none']).optional(),
    avoidBelow: z.number().min(0).max(100).optional(),
    maxConcurrent: z.int().min(0).describe('Calls at once per credential, over all processes; 0 = no limit').optional(),
    minRotationIntervalMs: ms
      .describe('The strategy moves to another credential at most this often; a failure moves on at once')
      .optional(),
    oauth: z
      .strictObject({
        issuer: url.optional(),
        authorizeUrl: url.optional(),
        tokenUrl: url.optional(),
        deviceUrl: url.describe('Device authorization endpoint (RFC 8628)').optional(),
        revokeUrl: url.optional(),
        clientId: z.string().min(1).optional(),
        clientSecretEnv: z
          .string()
          .regex(/^[A-Za-z_]\w*$/, 'is the name of an environment variable, not the secret')
          .describe('Name of an environment variable that holds the client secret')
          .optional(),
        scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope has no spaces')).optional(),
        callbackPorts: z
          .array(z.int().min(0).max(65_535))
          .min(1)
          .describe('Loopback ports a browser may come back to, tried in this order; 0 = any free one')
          .optional(),
        grant: z.enum(['user', 'client-credentials']).optional(),
      })
      .optional(),
    proxy: url.optional(),
    countsTokens: z
      .boolean()
      .describe('Whether it answers POST /messages/count_tokens; where not, tokens are estimated')
      .optional(),
    capabilities: z
      .record(
        z.string().min(1),
        z.strictObject({
          contextTokens: z.int().min(1).optional(),
          maxOutputTokens: z.int().min(1).optional(),
          tools: z.boolean().optional(),
          images: z.boolean().optional(),
          structuredOutput: z.boolean().describe('Answers by a JSON schema').optional(),
        }),
      )
      .describe(
        'What models are known to be able to; "*" = all that are not named. A call that needs more goes to the next route; what is not said is taken to be possible',
      )
      .optional(),
    http2: z
      .boolean()
      .describe('false: never HTTP/2 to this provider. Default: where it offers it and no proxy stands between')
      .optional(),
    billing: z
      .enum(keys(BILLINGS))
      .describe('What one more call costs: "metered" its tokens, "subscription" and "free" nothing')
      .optional(),
    rules: userRulesSchema
      .describe('Rows of your own for failures that the built-in ones do not know; tried before them')
      .optional(),
  })
  .refine(({ wire, wires }) => wire === undefined || wires === undefined, 'takes "wire" or "wires", not both')

const bench = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('dead') }),
  z.strictObject({ kind: z.literal('reset'), otherwiseMs: ms }),
  z.strictObject({ kind: z.literal('hint'), baseMs: ms, capMs: ms }),
  z.strictObject({ kind: z.literal('ladder'), baseMs: ms, capMs: ms, modelOnly: z.literal(true).optional() }),
])

const policyRow = z.strictObject({
  tries: z
    .array(z.enum(keys(ACTIONS)))
    .min(1)
    .optional(),
  retries: z
    .strictObject({
      times: z.int().min(0).max(20).optional(),
      backoffMs: z.array(ms).min(1).max(20).optional(),
      useHintUpToMs: ms.optional(),
    })
    .optional(),
  bench: bench.optional(),
})

const policy = z.strictObject(
  Object.fromEntries(FAILURE_LABELS.map((label) => [label, policyRow.optional()])) as Record<
    FailureLabel,
    z.ZodOptional<typeof policyRow>
  >,
)

const repairs = z.strictObject(
  Object.fromEntries(
    Object.entries(REPAIRS).map(([name, meaning]) => [name, z.boolean().describe(meaning).optional()]),
  ) as Record<RepairName, z.ZodOptional<z.ZodBoolean>>,
)

const compression = z.strictObject({
  summaryRoute: route
    .describe('Writes summaries of what is too long to keep. Without it only old tool outputs are left out')
    .optional(),
  keepSteps: z
    .int()
    .min(1)
    .max(1_000)
    .describe('The newest steps of a conversation that stay word for word: a message, or an answer with its tool calls')
    .optional(),
})

const MOST_KEPT_MS = 90 * 86_400_000
const history = z
  .strictObject({
    keep: z
      .boolean()
      .describe('Keep conversations whose clients send only what is new (previous_response_id)')
      .optional(),
    keepMs: z
      .int()
      .min(1)
      .max(MOST_KEPT_MS)
      .describe('From the last answer of a conversation on, milliseconds; at most 90 days. Default: 7 days')
      .optional(),
    maxBytes: z.int().min(1).describe('Of one conversation; longer ones are not kept. Default: 16 MiB').optional(),
    maxTotalBytes: z.int().min(1).describe('Of all conversations; the oldest go first. Default: 256 MiB').optional(),
  })
  .refine(
    ({ maxBytes, maxTotalBytes }) =>
      (maxBytes ?? CONFIG_DEFAULTS.history.maxBytes) <= (maxTotalBytes ?? CONFIG_DEFAULTS.history.maxTotalBytes),
    'one conversation (maxBytes) may not be larger than all of them (maxTotalBytes)',
  )

const limits = z.strictObject({
  deadlineMs: positiveMs.optional(),
  connectMs: positiveMs.optional(),
  firstByteMs: positiveMs.optional(),
  idleMs: positiveMs.optional(),
  holdMs: ms.optional(),
  heartbeatMs: positiveMs.optional(),
  maxConcurrentPerCredential: z.int().min(0).optional(),
  drainMs: ms.describe('A gateway that is told to stop lets its calls end for this long').optional(),
  maxCalls: z
    .int()
    .min(0)
    .describe('Calls that one gateway process answers at once; more get 503 and retry-after. 0 = no limit')
    .optional(),
  maxLagMs: ms
    .describe('Calls get 503 and retry-after while the gateway process is lastingly later than this. 0 = no limit')
    .optional(),
})

const fallbackPolicy = z
  .enum(keys(POLICIES))
  .describe(
    'Whether a metered route may follow one that costs nothing more: "any" takes it and says so, "ask-header" only when the request allows it by x-sparekey-metered, "subscription-only" never',
  )

const chain = z.union([
  z.array(route).min(1),
  z.strictObject({
    routes: z.array(route).min(1),
    fallback: z.array(route).describe('How this chain ends, instead of `fallback`; [] = nothing follows').optional(),
    fallbackPolicy: fallbackPolicy.optional(),
  }),
])

const client = z.union([
  z
    .string()
    .min(8, 'a client key has at least 8 characters')
    .regex(/^(?!sha256:)|^sha256:[0-9a-f]{64}$/i, 'after "sha256:" come 64 hex digits'),
  z.strictObject({
    name,
    key: z.string().min(8, 'a client key has at least 8 characters'),
    fallbackPolicy: fallbackPolicy.optional(),
  }),
  z.strictObject({
    name,
    sha256: z.string().regex(/^[0-9a-f]{64}$/i, 'must be 64 hex digits'),
    fallbackPolicy: fallbackPolicy.optional(),
  }),
])

const LISTEN = 'must be host:port, such as 127.0.0.1:8787, with a port of at most 65535'

export const configSchema = z.strictObject({
  listen: z
    .string(LISTEN)
    .regex(/^\S+:(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/, LISTEN)
    .optional(),
  store: z
    .string()
    .regex(/^(?:sqlite|memory|postgres(?:ql)?:\/\/.+)$/, 'must be sqlite, memory or postgres://user@host/db')
    .optional(),
  key: z
    .enum(['file', 'keychain'])
    .describe('Where the key of the stored secrets lives: the file "key", or the keychain of the operating system')
    .optional(),
  providers: z.record(name, provider.nullable()).nullable().optional(),
  models: z.record(z.string().min(1), chain).nullable().optional(),
  fallback: z.array(route).nullable().optional(),
  fallbackPolicy: fallbackPolicy.optional(),
  recordFailures: z
    .boolean()
    .describe('Keep failures that no row knew for sure in failures.jsonl, without secrets')
    .optional(),
  policy: policy.nullable().optional(),
  compression: compression
    .describe(
      'Make conversations shorter that are too long, instead of telling the client; off unless this section is here',
    )
    .nullable()
    .optional(),
  history: history
    .describe('What is kept of conversations, encrypted, so that another account can go on; off unless keep is true')
    .nullable()
    .optional(),
  repairs: repairs.describe('Repairs of refused requests; those that are false are not made').nullable().optional(),
  limits: limits.nullable().optional(),
  clients: z.array(client).nullable().optional(),
})

export type ConfigFile = z.infer<typeof configSchema>
export type HistoryFile = z.infer<typeof history>
export type ProviderFile = z.infer<typeof provider>

function keys<T extends string>(table: Readonly<Record<T, true>>): readonly T[] {
  return Object.keys(table) as T[]
}
