import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { NOTES } from './notes.ts'
import { FULL_PLAN, page, type Plan, type Run, table } from './page.ts'
import { POLICIES } from './policies.ts'
import { SCENARIOS } from './scenario.ts'
import { simulate } from './simulate.ts'

/**
 * `npm run simulate:policies` plays the full plan and writes `docs/policies.md`.
 * `-- --days 10 --seeds 1` plays less and only prints; `--scenario <name>` plays one kind of world.
 */
const PAGE = fileURLToPath(new URL('../../docs/policies.md', import.meta.url))
const { values } = parseArgs({
  options: {
    days: { type: 'string' },
    seeds: { type: 'string' },
    scenario: { type: 'string' },
    part: { type: 'string' },
  },
})
const plan: Plan = {
  days: Number(values.days ?? FULL_PLAN.days),
  seeds:
    values.seeds === undefined
      ? FULL_PLAN.seeds
      : Array.from({ length: Number(values.seeds) }, (_, index) => index + 1),
}
const isWhole = values.days === undefined && values.seeds === undefined && values.scenario === undefined
const jobs = SCENARIOS.filter(({ name }) => (values.scenario ?? name) === name).flatMap((scenario) =>
  plan.seeds.flatMap((seed) => POLICIES.map((policy) => ({ scenario, seed, policy }))),
)

if (values.part === undefined) {
  const runs = await playAll()
  console.log(table(runs))
  if (isWhole) {
    writeFileSync(PAGE, `${page(plan, runs, NOTES).trimEnd()}\n`)
    console.log('\nWritten to docs/policies.md.')
  }
} else {
  await playPart(values.part)
}

/** One child for each core. What each of them plays is independent of their number, and so is the result. */
async function playAll(): Promise<readonly Run[]> {
  const parts = Math.max(1, Math.min(availableParallelism(), 8))
  const found = await Promise.all(
    Array.from({ length: parts }, (_, index) => {
      const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--part', `${index}/${parts}`])
      const runs = new Map<number, Run>()
      child.on('message', ({ job, run }: { job: number; run: Run }) => runs.set(job, run))
      return new Promise<ReadonlyMap<number, Run>>((resolve, reject) => {
        child.on('error', reject)
        child.on('exit', (code) => (code === 0 ? resolve(runs) : reject(new Error(`a part ended with ${code}`))))
      })
    }),
  )
  const byJob = new Map(found.flatMap((each) => [...each]))
  return jobs.flatMap((_, job) => byJob.get(job) ?? [])
}

async function playPart(part: string): Promise<void> {
  // Every cut wait makes an exception; nobody reads their traces here, and they are a tenth of the work.
  Error.stackTraceLimit = 0
  const [index = 0, parts = 1] = part.split('/').map(Number)
  for (const [job, { scenario, seed, policy }] of jobs.entries()) {
    if (job % parts !== index) continue
    const tally = await simulate(policy, scenario, seed, plan.days)
    const run: Run = { policy: policy.name, scenario: scenario.name, seed, tally }
    process.send?.({ job, run })
  }
  process.disconnect()
}
