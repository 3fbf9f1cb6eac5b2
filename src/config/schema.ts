import { z } from 'zod'
import { FAILURE_LABELS, type FailureLabel } from '../failure/labels.ts'
import type { Action } from '../recovery/policy.ts'

/** What a file may say. Unknown keys are errors: a misspelt key that is ignored looks like a setting that does not work. */

const ACTIONS = [
  'refresh',
  'reread',
  'wait',
  'rotate',
  'retry',
  'try_another',
  'repair',
  'fallback',
  'surface',
  'stop',
] as const satisfies readonly Action[]
const STRATEGIES = ['fill_first', 'round_robin', 'random', 'least_used'] as const
const WIRES = ['responses', 'chat-completions', 'messages'] as const

const url = z.url({ protocol: /^https?$/ }).describe('Absolute http(s) URL')
const ms = z.int().min(0).max(86_400_000)
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'lower-case letters, digits, dots, dashes')
/** `provider/model`; a model of `*` is the one that was asked for. */
const route = z.string().regex(/^[a-z0-9][a-z0-9._-]*\/\S+$/, 'a route is provider/model')

const provider = z.strictObject({
  type: name.describe('A built-in provider whose rules and headers to use, for a name of your own').optional(),
  wire: z.enum(WIRES).optional(),
  wires: z.array(z.enum(WIRES)).min(1).optional(),
  baseUrl: url.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  models: z.array(z.string().min(1)).optional(),
  strategy: z.enum(STRATEGIES).optional(),
  affinity: z.enum(['session', 'none']).optional(),
  avoidBelow: z.number().min(0).max(100).optional(),
  maxConcurrent: z.int().min(0).optional(),
  oauth: z
    .strictObject({ issuer: url.optional(), tokenUrl: url.optional(), clientId: z.string().min(1).optional() })
    .optional(),
  proxy: url.optional(),
})

const bench = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('dead') }),
  z.strictObject({ kind: z.literal('reset'), otherwiseMs: ms }),
  z.strictObject({ kind: z.literal('hint'), baseMs: ms, capMs: ms }),
  z.strictObject({ kind: z.literal('ladder'), baseMs: ms, capMs: ms, modelOnly: z.literal(true).optional() }),
])

const policyRow = z.strictObject({
  tries: z.array(z.enum(ACTIONS)).min(1).optional(),
  retries: z.strictObject({ times: z.int().min(0).max(20), backoffMs: z.array(ms).min(1).max(20) }).optional(),
  bench: bench.optional(),
})

const policy = z.strictObject(
  Object.fromEntries(FAILURE_LABELS.map((label) => [label, policyRow.optional()])) as Record<
    FailureLabel,
    z.ZodOptional<typeof policyRow>
  >,
)

const limits = z.strictObject({
  deadlineMs: ms.min(1).optional(),
  connectMs: ms.min(1).optional(),
  firstByteMs: ms.min(1).optional(),
  idleMs: ms.min(1).optional(),
  holdMs: ms.optional(),
  heartbeatMs: ms.min(1).optional(),
  maxConcurrentPerCredential: z.int().min(0).optional(),
})

const client = z.union([
  z.string().min(8, 'a client key has at least 8 characters'),
  z.strictObject({ name, key: z.string().min(8) }),
  z.strictObject({ name, sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
])

export const configSchema = z.strictObject({
  listen: z
    .string()
    .regex(/^\S+:\d{1,5}$/, 'host:port, such as 127.0.0.1:8787')
    .optional(),
  store: z
    .string()
    .regex(/^(?:sqlite|memory|postgres(?:ql)?:\/\/.+)$/, 'sqlite, memory or postgres://user@host/db')
    .optional(),
  providers: z.record(name, provider.nullable()).optional(),
  models: z.record(z.string().min(1), z.array(route).min(1)).optional(),
  fallback: z.array(route).nullable().optional(),
  fallbackPolicy: z.enum(['any', 'subscription-only']).optional(),
  policy: policy.nullable().optional(),
  limits: limits.nullable().optional(),
  clients: z.array(client).nullable().optional(),
})

export type ConfigFile = z.infer<typeof configSchema>
export type ProviderFile = z.infer<typeof provider>
