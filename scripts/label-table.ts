import { FAILURE_LABELS, LABELS } from '../src/failure/labels.ts'
import { type BenchTerms, DEFAULT_POLICY, type PolicyRow } from '../src/recovery/policy.ts'

const START = /<!-- labels:start[^>]*-->/
const END = '<!-- labels:end -->'

/** The labels and what is done about each, as a markdown table made from the tables that the code runs on. */
export function labelTable(): string {
  const rows = FAILURE_LABELS.map((label) => {
    const { tries, bench } = policyWords(DEFAULT_POLICY[label])
    return `| [\`${label}\`](docs/failures/${label}.md) | ${LABELS[label].meaning} | ${tries} | ${bench} |`
  })
  return ['| label | meaning | tried in this order | bench |', '|---|---|---|---|', ...rows].join('\n')
}

/** A row of the recovery table in words. */
export function policyWords(policy: PolicyRow): { readonly tries: string; readonly bench: string } {
  const tries = policy.tries.map((action) => action.replace('_', ' ')).join(', ')
  return { tries: `${tries}${retriesText(policy)}`, bench: benchText(policy.bench) }
}

/** @throws Error when the text has no markers: a table that is silently not written would go stale */
export function withLabelTable(text: string, table: string): string {
  const start = START.exec(text)
  const end = text.indexOf(END)
  if (start === null || end < start.index) throw new Error('README.md has lost its label markers')
  return `${text.slice(0, start.index + start[0].length)}\n${table}\n${text.slice(end)}`
}

function retriesText({ retries }: PolicyRow): string {
  if (retries.times === 0) return ''
  return ` (${retries.times} ${retries.times === 1 ? 'retry' : 'retries'})`
}

function benchText(terms: BenchTerms): string {
  switch (terms.kind) {
    case 'none':
      return 'nobody'
    case 'hint':
      return `as long as told, else ${spell(terms.baseMs)} doubling to ${spell(terms.capMs)}`
    case 'reset':
      return `until the announced reset, else ${spell(terms.otherwiseMs)}`
    case 'dead':
      return 'dead, until its secret changes'
    default: {
      const times =
        terms.baseMs === terms.capMs ? spell(terms.baseMs) : `${spell(terms.baseMs)} doubling to ${spell(terms.capMs)}`
      return terms.modelOnly ? `this model only, ${times}` : times
    }
  }
}

function spell(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`
  if (ms % 60_000 === 0) return `${ms / 60_000} min`
  return `${ms / 1000} s`
}
