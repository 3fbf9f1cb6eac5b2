import { classify } from '../src/failure/classify.ts'
import { observeHttp } from '../src/failure/observe-http.ts'
import type { Rule } from '../src/failure/rule.ts'
import { PROVIDERS } from '../src/providers/_registry.ts'

const ROUNDS = 31
const VERDICTS_PER_ROUND = 500

const KNOWN = JSON.stringify({
  error: {
    message:
      'Rate limit reached for gpt-5.1 in organization org-AAAA on tokens per min (TPM): Limit 30000, Used 22999.',
    type: 'tokens',
    code: 'rate_limit_exceeded',
  },
})
const OWN = PROVIDERS['openai']?.rules ?? []
const EVERY_ROW = Object.values(PROVIDERS).flatMap(({ rules }) => rules)

/** What nobody knows: every row is tried. */
function unheardOf(characters: number): string {
  const message = 'Something odd happened while it was processed. '.padEnd(characters, 'lorem ipsum dolor sit amet ')
  return JSON.stringify({ error: { message, type: 'odd_type', code: 'odd_code' } })
}

/** Median over rounds, microseconds for one verdict. */
function microseconds(body: string, rules: readonly Rule[]): number {
  const seen = observeHttp({ provider: 'openai', api: 'responses', status: 429, headers: {}, body, seenAtMs: 0 })
  const rounds = Array.from({ length: ROUNDS }, () => {
    const startedAt = process.hrtime.bigint()
    for (let verdict = 0; verdict < VERDICTS_PER_ROUND; verdict += 1) classify(seen, rules)
    return Number(process.hrtime.bigint() - startedAt) / 1000 / VERDICTS_PER_ROUND
  }).sort((left, right) => left - right)
  return rounds[Math.floor(ROUNDS / 2)] ?? 0
}

/** Prints what one verdict costs, and how that grows with the body and with the number of rows. */
export function benchClassify(): void {
  const cases: ReadonlyArray<readonly [string, string, readonly Rule[]]> = [
    ['a known code', KNOWN, OWN],
    ...[100, 1_000, 10_000, 60_000].map((size) => [`unknown words, ${size} characters`, unheardOf(size), OWN] as const),
    ["unknown words, no rows of a provider's own", unheardOf(100), []],
    [`unknown words, every row of all providers (${EVERY_ROW.length})`, unheardOf(100), EVERY_ROW],
  ]
  for (const [, body, rules] of cases) microseconds(body, rules)
  console.log('\n| one verdict | median |')
  console.log('|---|---|')
  for (const [name, body, rules] of cases) console.log(`| ${name} | ${microseconds(body, rules).toFixed(1)} µs |`)
}
