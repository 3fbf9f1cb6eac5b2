import { pathToFileURL } from 'node:url'
import { classify } from '../src/failure/classify.ts'
import { observeHttp } from '../src/failure/observe-http.ts'
import type { Rule } from '../src/failure/rule.ts'
import { PROVIDERS } from '../src/providers/_registry.ts'
import { keepFigures } from './page.ts'

/** Short rounds, the best of many: whoever shares the machine takes some of them, never all. */
const ROUNDS = 400
const ROUND_MS = 1
const SIZES = [1_000, 10_000, 64_000]
const MARKS = ['<!-- classification: written by npm run bench:classify -->', '<!-- end of classification -->'] as const

const OWN = PROVIDERS['openai']?.rules ?? []
const EVERY_ROW = Object.values(PROVIDERS).flatMap(({ rules }) => rules)

const KNOWN = body(
  'Rate limit reached for gpt-5.1 in organization org-AAAA on tokens per min (TPM): Limit 30000, Used 22999.',
  'rate_limit_exceeded',
)

function body(message: string, code: string): string {
  return JSON.stringify({ error: { message, type: 'requests', code } })
}

/** A sentence that no row knows, so that all of them have their say. */
function unheardOf(characters: number): string {
  return body(
    'Something odd happened while it was processed. '.padEnd(characters, 'lorem ipsum dolor sit amet '),
    'odd',
  )
}

/** Words of which nearly every row of prose has one somewhere: what the index cannot spare. */
function nearMisses(characters: number): string {
  return body('the model, the request, the token and the key: a limit that is not. '.repeat(characters / 68), 'odd')
}

/** Best and median over rounds, microseconds for one call of `work`. */
function microseconds(work: () => unknown): { readonly best: number; readonly median: number } {
  for (let warm = 0; warm < 300; warm += 1) work()
  const startedAt = performance.now()
  for (let call = 0; call < 20; call += 1) work()
  const callsPerRound = Math.max(1, Math.round((ROUND_MS * 20) / (performance.now() - startedAt)))
  const rounds = Array.from({ length: ROUNDS }, () => {
    const roundAt = performance.now()
    for (let call = 0; call < callsPerRound; call += 1) work()
    return ((performance.now() - roundAt) * 1000) / callsPerRound
  }).sort((left, right) => left - right)
  return { best: rounds[0] ?? 0, median: rounds[ROUNDS / 2] ?? 0 }
}

function row(name: string, text: string): string {
  const seen = observeHttp({
    provider: 'openai',
    api: 'responses',
    status: 429,
    headers: { 'content-type': 'application/json', 'x-request-id': 'req_1' },
    body: text,
    seenAtMs: 0,
  })
  const under = (rules: readonly Rule[]) => microseconds(() => classify(seen, rules))
  const [own, all, parse] = [under(OWN), under(EVERY_ROW), microseconds(() => JSON.parse(text) as unknown)]
  const cells = [own, all, parse].map(({ best, median }) => `${best.toFixed(1)} (${median.toFixed(1)})`)
  return `| ${name} | ${cells.join(' | ')} |`
}

/** Prints what one verdict costs, how that grows with the body and with the number of rows, and writes it into the page. */
export function benchClassify(): void {
  const lines = [
    `Node ${process.version}; microseconds, best of ${ROUNDS} rounds (median).`,
    '',
    `| one verdict | own table (${OWN.length} rows) | all tables joined (${EVERY_ROW.length} rows) | only \`JSON.parse\` of the body |`,
    '|---|---|---|---|',
    row('a known code', KNOWN),
    row('unknown words, 100 characters', unheardOf(100)),
    ...SIZES.map((size) => row(`unknown words, ${size / 1000} KB`, unheardOf(size))),
    ...SIZES.map((size) => row(`near misses, ${size / 1000} KB`, nearMisses(size))),
  ]
  console.log(`\n${lines.join('\n')}`)
  keepFigures(MARKS, lines)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) benchClassify()
