import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classify } from '../../src/failure/classify.ts'
import type { Evidence } from '../../src/failure/evidence.ts'
import { observeException } from '../../src/failure/observe-exception.ts'
import { observeHttp } from '../../src/failure/observe-http.ts'
import { observeSoft } from '../../src/failure/observe-soft.ts'
import type { Rule } from '../../src/failure/rule.ts'
import { ownRules, readFixture, RULE_TABLES } from '../support/rule-tables.ts'

const SEEN_AT_MS = Date.UTC(2026, 2, 1)

/** Rows about what was said, whoever carried it. The others are about a status, a header or a shape, which a disguise takes away. */
function isAboutWords({ status, header, shape, channel, api, thrown }: Rule): boolean {
  return [status, header, shape, channel, api, thrown].every((each) => each === undefined)
}

const SPOKEN = Object.entries(RULE_TABLES).flatMap(([table, rules]) =>
  rules.filter(isAboutWords).flatMap((rule) => {
    const { evidence } = readFixture(rule.seen)
    return evidence.body === undefined
      ? []
      : [{ table, rule, evidence: evidence as typeof evidence & { body: string } }]
  }),
)

/** The same words as an HTTP error, inside a 200, in a stream, and as what an SDK throws. */
function disguises(given: Omit<Evidence, 'seenAtMs'> & { readonly body: string }): Readonly<Record<string, Evidence>> {
  const base = { provider: given.provider, api: given.api, seenAtMs: SEEN_AT_MS }
  const status = given.status !== undefined && given.status >= 400 ? given.status : 400
  const soft = { ...base, status: 200, headers: given.headers, hadOutput: false }
  return {
    'HTTP error': observeHttp({ ...base, status, headers: given.headers, body: given.body }),
    'body of a 200': observeSoft({ channel: 'body', body: given.body }, soft),
    'event of a stream': observeSoft({ channel: 'event', eventName: 'error', body: given.body }, soft),
    exception: observeException({
      ...base,
      error: Object.assign(new Error(`${status} ${given.body}`), { name: 'APIError', status }),
    }),
  }
}

describe('every fixture keeps its label in every disguise', () => {
  it.each(SPOKEN.map((each) => [each.rule.seen, each] as const))('%s', (_seen, { table, evidence }) => {
    const labels = Object.entries(disguises(evidence)).map(
      ([name, seen]) => [name, classify(seen, ownRules(table)).label] as const,
    )
    const [first] = labels
    expect(Object.fromEntries(labels)).toEqual(Object.fromEntries(labels.map(([name]) => [name, first?.[1]])))
  })
})

describe('words of the user decide nothing', () => {
  /** Sentences that mean something when a provider says them. */
  const TRIGGERS = SPOKEN.flatMap(({ evidence: { body } }) => {
    try {
      const { error } = JSON.parse(body) as { readonly error?: { readonly message?: unknown } }
      return typeof error?.message === 'string' ? [error.message] : []
    } catch {
      return [body]
    }
  })

  it.each([
    ['a message of the request', (words: string) => `Invalid request: {"role": "user", "content": ${words}}`],
    ['a list of messages', (words: string) => `messages.0 is wrong: [{"role": "user", "content": ${words}}]`],
    ['a Python dict', (words: string) => `Input should be valid: {'type': 'text', 'text': ${words}}`],
    ["a tool's output", (words: string) => `bad tool result {"type": "function_call_output", "output": ${words}}`],
    ['a refused value', (words: string) => `Invalid value: ${words}. Supported values are: 'low' and 'high'.`],
    [
      'what a validator got',
      (words: string) => `String should match the pattern; input_value=${words}, input_type=str`,
    ],
    ['plain words of a user', (words: string) => `Names have no spaces. Got: ${JSON.parse(words) as string}`],
    ['plain words of a tool', (words: string) => `The call failed. Tool output: ${JSON.parse(words) as string}`],
    ['an input field', (words: string) => `Field required: {"input": ${words}}`],
  ])('quoted as %s', (_name, quote) => {
    for (const trigger of TRIGGERS) {
      const body = JSON.stringify({ error: { type: 'invalid_request_error', message: quote(JSON.stringify(trigger)) } })
      const seen = observeHttp({
        provider: 'openai',
        api: 'responses',
        status: 400,
        headers: {},
        body,
        seenAtMs: SEEN_AT_MS,
      })
      for (const rules of Object.values(RULE_TABLES))
        expect(classify(seen, rules).label, trigger).toBe('invalid_request')
    }
  })

  it('sent back beside the error', () => {
    for (const trigger of TRIGGERS) {
      const body = JSON.stringify({
        detail: [{ type: 'missing', loc: ['body', 'model'], msg: 'Field required', input: { prompt: trigger } }],
        messages: [{ role: 'user', content: trigger }],
        input: trigger,
        prompt: trigger,
        failed_generation: trigger,
      })
      const seen = observeHttp({
        provider: 'openai',
        api: 'responses',
        status: 422,
        headers: {},
        body,
        seenAtMs: SEEN_AT_MS,
      })
      expect(classify(seen).label, trigger).toBe('invalid_request')
    }
  })
})

describe('classify survives every mutilated fixture', () => {
  const bodies = SPOKEN.map(({ evidence: { body } }) => body)
  const mutilated = fc
    .tuple(fc.constantFrom(...bodies), fc.nat(), fc.nat(), fc.string({ maxLength: 20 }))
    .map(([body, from, length, planted]) => {
      const start = from % (body.length + 1)
      return body.slice(0, start) + planted + body.slice(start + (length % 20))
    })

  it('cut, holed and planted with noise', () => {
    fc.assert(
      fc.property(mutilated, fc.constantFrom(...Object.keys(RULE_TABLES)), (body, table) => {
        const seen = observeHttp({
          provider: table,
          api: 'other',
          status: 429,
          headers: {},
          body,
          seenAtMs: SEEN_AT_MS,
        })
        const failure = classify(seen, ownRules(table))
        expect(failure.message.length).toBeLessThanOrEqual(500)
        expect(classify(seen, ownRules(table))).toEqual(failure)
      }),
      { numRuns: 500 },
    )
  })

  it('10 MB of each hostile kind', () => {
    const size = 10 * 1024 * 1024
    for (const unit of [
      'a',
      ' ',
      '{"error":',
      '[',
      '<p>',
      '\\',
      '"',
      "{'a':",
      'try again in 1',
      'limit ',
      '9',
      'eyJ',
      '\u0000',
      '限',
    ]) {
      const body = unit.repeat(Math.ceil(size / unit.length))
      for (const dressed of [body, JSON.stringify({ error: { message: body } })]) {
        const seen = observeHttp({
          provider: 'openai',
          api: 'responses',
          status: 429,
          headers: {},
          body: dressed,
          seenAtMs: SEEN_AT_MS,
        })
        for (const rules of Object.values(RULE_TABLES)) expect(typeof classify(seen, rules).label).toBe('string')
      }
    }
  }, 60_000)
})
