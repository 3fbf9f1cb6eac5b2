import type { Tally } from './meter.ts'

/** Tallies of one policy, added up. */
export interface Sum {
  readonly runs: number
  readonly tally: Tally
}

/** A column of the table. */
export interface Column {
  readonly name: string
  /** One sentence for the page. */
  readonly meaning: string
  readonly better: 'more' | 'less' | 'neither'
  readonly digits: number
  /** @returns undefined when there is nothing to count, such as exhaustions in a world without limits */
  value(sum: Sum): number | undefined
}

const ratio = (part: number, whole: number, times: number) => (whole === 0 ? undefined : (part / whole) * times)

export const COLUMNS: readonly Column[] = [
  {
    name: 'answered, %',
    meaning: 'Calls that ended with an answer, by whichever route.',
    better: 'more',
    digits: 2,
    value: ({ tally }) => ratio(tally.answered, tally.calls, 100),
  },
  {
    name: 'refused per exhaustion',
    meaning:
      'Model calls that were sent to a used-up account and refused, for each time an account was used up. Questions to the usage endpoint are not model calls; they are counted apart.',
    better: 'less',
    digits: 2,
    value: ({ tally }) => ratio(tally.refusedCalls, tally.exhaustions, 1),
  },
  {
    name: 'avoided, min',
    meaning:
      'Minutes, added over accounts, in which an account would have served and the policy would have refused it even with nobody else left. Mean of a run.',
    better: 'less',
    digits: 1,
    value: ({ runs, tally }) => ratio(tally.avoidedMinutes, runs, 1),
  },
  {
    name: 'hammered, min',
    meaning:
      'Minutes in which a model call was sent to a used-up account that had already refused one since it was used up. Mean of a run.',
    better: 'less',
    digits: 1,
    value: ({ runs, tally }) => ratio(tally.hammeredMinutes, runs, 1),
  },
  {
    name: 'caches lost',
    meaning: 'Answered calls whose prompt cache lay warm at another account, per 1,000 answered calls.',
    better: 'less',
    digits: 1,
    value: ({ tally }) => ratio(tally.movedCaches, tally.answered, 1000),
  },
  {
    name: 'metered while free',
    meaning: 'Calls sent to the metered route while a subscription account would have served, per 1,000 calls.',
    better: 'less',
    digits: 2,
    value: ({ tally }) => ratio(tally.meteredWhileFree, tally.calls, 1000),
  },
  {
    name: 'delay p50, s',
    meaning: "Time of an answered call beyond the provider's own work: failed attempts and waits. Median.",
    better: 'less',
    digits: 2,
    value: ({ tally }) => quantile(tally.addedDelaysMs, 0.5),
  },
  {
    name: 'delay p99, s',
    meaning: 'The same, 99th percentile.',
    better: 'less',
    digits: 2,
    value: ({ tally }) => quantile(tally.addedDelaysMs, 0.99),
  },
  {
    name: 'metered, %',
    meaning:
      'Calls sent to the metered route for whatever reason. Not judged: fewer is no merit when calls fail instead.',
    better: 'neither',
    digits: 1,
    value: ({ tally }) => ratio(tally.meteredCalls, tally.calls, 100),
  },
  {
    name: 'usage questions',
    meaning: 'Questions to the usage endpoint, mean of a run. Not judged.',
    better: 'neither',
    digits: 1,
    value: ({ runs, tally }) => ratio(tally.usageProbes, runs, 1),
  },
]

export function sumOf(tallies: readonly Tally[]): Sum {
  const count = (name: Exclude<keyof Tally, 'addedDelaysMs'>) => tallies.reduce((sum, each) => sum + each[name], 0)
  return {
    runs: tallies.length,
    tally: {
      calls: count('calls'),
      answered: count('answered'),
      exhaustions: count('exhaustions'),
      refusedCalls: count('refusedCalls'),
      avoidedMinutes: count('avoidedMinutes'),
      hammeredMinutes: count('hammeredMinutes'),
      movedCaches: count('movedCaches'),
      meteredCalls: count('meteredCalls'),
      meteredWhileFree: count('meteredWhileFree'),
      usageProbes: count('usageProbes'),
      addedDelaysMs: tallies.flatMap((each) => each.addedDelaysMs),
    },
  }
}

/** Seconds. */
function quantile(delaysMs: readonly number[], share: number): number | undefined {
  const sorted = [...delaysMs].sort((one, other) => one - other)
  const ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return ms === undefined ? undefined : ms / 1000
}
