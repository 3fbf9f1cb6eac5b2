import { COLUMNS, sumOf } from './columns.ts'
import type { Tally } from './meter.ts'
import { POLICIES } from './policies.ts'
import { SCENARIOS } from './scenario.ts'
import { tableOf } from './table.ts'

/** One run of one policy. */
export interface Run {
  readonly policy: string
  readonly scenario: string
  readonly seed: number
  readonly tally: Tally
}

export interface Plan {
  readonly days: number
  readonly seeds: readonly number[]
}

/** @default of `npm run simulate:policies` */
export const FULL_PLAN: Plan = { days: 90, seeds: [1, 2, 3] }

/** What the page says before its figures: how they are made and what they mean. */
export function introduction({ days, seeds }: Plan): string {
  return [
    '# Policies compared in simulated months',
    '',
    'Written by `npm run simulate:policies`; do not edit. The same code gives the same page: time is virtual, chance is seeded.',
    '',
    '## Method',
    '',
    `Every policy is played in the same ${SCENARIOS.length} kinds of worlds, each with ${seeds.length} seed(s) and ${days} days. A world is a set of subscription accounts with`,
    'usage windows, a provider with its troubles, agents that hold sessions by day and fewer by night, and mostly one metered route as a last resort.',
    'Troubles and calls are drawn before a run begins, so that no policy changes its own weather. An agent makes its next call when the last one has ended.',
    '',
    '* Refusals come in the forms seen in the wild: HTTP 429 with `resets_in_seconds`, HTTP 429 with headers only, HTTP 200 whose stream fails,',
    '  an error event, 503, 500, one JSON document that says `failed`, a connection reset, a stream that is cut. All policies see them through the same observers and',
    '  the same classifier; what differs is what they do with the verdict. That is kind to the other policies: in the systems they come from, some of these forms are missed.',
    '* Our rows are the product itself: its configuration, runtime, pool, relay, recovery table and (where built) usage probes, on a virtual clock and a network that ends in the world.',
    '* The truth that judges a run (is this account free now?) is read from the world. No policy sees it.',
    '* A window begins with the first use after its last reset. A cached prompt is kept for 10 minutes after its use and costs a tenth of its tokens.',
    '* A provider fault lasts 17 s in the median and 20 minutes at most; a storm refuses every token for 90 s with the very words of a revoked one.',
    '* Somebody logs in again half an hour to 20 hours after a token is revoked. A new login clears what a policy holds against the old token.',
    '* Load and plans are scaled down together: a call stands for many.',
    '',
    '## Policies',
    '',
    ...POLICIES.map(({ name, meaning }) => `* **${name}**: ${meaning}`),
    '',
    '## Worlds',
    '',
    ...SCENARIOS.map(({ name, meaning }) => `* **${name}**: ${meaning}`),
    '',
    '## Columns',
    '',
    '`*` marks the best of a column and its equals.',
    '',
    ...COLUMNS.map(({ name, meaning }) => `* **${name}**: ${meaning}`),
    '',
  ].join('\n')
}

/** The whole page. @param notes why a column is not ours, in Markdown; written by people */
export function page(plan: Plan, runs: readonly Run[], notes: string): string {
  return [introduction(plan), '## All worlds together', '', table(runs), '', notes, '', ...scenarioTables(runs)].join(
    '\n',
  )
}

function scenarioTables(runs: readonly Run[]): readonly string[] {
  return SCENARIOS.flatMap(({ name }) => {
    const own = runs.filter(({ scenario }) => scenario === name)
    return own.length === 0 ? [] : [`## ${name}`, '', table(own), '']
  })
}

export function table(runs: readonly Run[]): string {
  const rows = POLICIES.map(({ name }) => ({
    name,
    sum: sumOf(runs.filter(({ policy }) => policy === name).map(({ tally }) => tally)),
  }))
  return tableOf(rows)
}
