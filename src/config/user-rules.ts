import { z } from 'zod'
import { FAILURE_LABELS } from '../failure/labels.ts'
import type { Rule } from '../failure/rule.ts'

/** A pattern long enough for any sentence; a longer one is a paste. */
const LONGEST_PATTERN = 500
const LONGEST_TABLE = 200

const word = z.string().min(1).max(200)
const words = z.union([word, z.array(word).min(1)])
const status = z.int().min(100).max(999)
const pattern = z
  .string()
  .min(1)
  .max(LONGEST_PATTERN)
  .refine(isPattern, 'is not a regular expression')
  .refine(
    (text) => !repeatsRepetitions(text),
    'repeats a repetition, such as (a+)+: a long message would take for ever',
  )

/** What must hold, at least one of them; a row without any would swallow every failure. */
const CONDITIONS = ['code', 'type', 'status', 'text', 'thrown', 'header', 'param'] as const

/** A row of the user's own: the shape of a built-in row, in words that YAML has. */
export const userRuleSchema = z
  .strictObject({
    is: z.enum(FAILURE_LABELS as [string, ...string[]]).describe('The label that such a failure gets'),
    name: z
      .string()
      .regex(/^[a-z0-9-]+$/, 'a name has lower-case letters, digits and dashes')
      .optional(),
    code: words.describe("The provider's machine code").optional(),
    type: words.describe("The provider's error type").optional(),
    status: z.union([status, z.array(status).min(1), z.strictObject({ from: status, to: status })]).optional(),
    text: pattern.describe("A regular expression for the provider's sentence; case does not count").optional(),
    thrown: words.optional(),
    header: z.strictObject({ name: word, is: z.union([z.literal(true), pattern]) }).optional(),
    param: words.optional(),
    modelScoped: z.literal(true).optional(),
    ignoreTimes: z.literal(true).optional(),
  })
  .refine((row) => CONDITIONS.some((each) => row[each] !== undefined), `needs at least one of ${CONDITIONS.join(', ')}`)

export const userRulesSchema = z.array(userRuleSchema).max(LONGEST_TABLE)

export type UserRule = z.infer<typeof userRuleSchema>

/** Rows of a configuration as the classifier reads them. `Failure.rule` shows them as `config/<provider>/<name or number>`. */
export function compileRules(provider: string, rows: readonly UserRule[]): readonly Rule[] {
  return rows.map((row, index) => {
    const { is, name, code, type, status: statuses, text, thrown, header, param, modelScoped, ignoreTimes } = row
    return {
      is: is as Rule['is'],
      seen: `config/${provider}/${name ?? index + 1}`,
      ...(code === undefined ? {} : { code: lower(code) }),
      ...(type === undefined ? {} : { type: lower(type) }),
      ...(statuses === undefined ? {} : { status: statuses }),
      ...(text === undefined ? {} : { text: new RegExp(text, 'i') }),
      ...(thrown === undefined ? {} : { thrown: lower(thrown) }),
      ...(header === undefined
        ? {}
        : { header: { name: header.name.toLowerCase(), is: header.is === true ? true : new RegExp(header.is, 'i') } }),
      ...(param === undefined ? {} : { param: lower(param) }),
      ...(modelScoped === undefined ? {} : { modelScoped }),
      ...(ignoreTimes === undefined ? {} : { ignoreTimes }),
    }
  })
}

function lower(given: string | readonly string[]): string | readonly string[] {
  return typeof given === 'string' ? given.toLowerCase() : given.map((each) => each.toLowerCase())
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'i') instanceof RegExp
  } catch {
    return false
  }
}

/** `(a+)+`, `(.*x)*`: the usual way in which an expression becomes exponential. */
function repeatsRepetitions(text: string): boolean {
  return /\((?:[^()\\]|\\.)*(?:[^\\()][*+]|\{\d+,\d*\})(?:[^()\\]|\\.)*\)(?:[*+]|\{\d+,\d*\})/.test(text)
}
