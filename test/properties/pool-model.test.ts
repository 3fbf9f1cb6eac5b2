import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { STRATEGY_NAMES } from '../../src/pool/strategies.ts'
import { POOL_COMMANDS, PoolRun } from '../support/pool-commands.ts'

describe('a pool against its model, with store methods in any order', () => {
  it('I1 I2 I4 I6 I7 I8 I10 I13 hold in every state', async () => {
    let leases = 0
    let trials = 0
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.commands(POOL_COMMANDS, { maxCommands: 100, size: 'max' }),
        fc.constantFrom(...STRATEGY_NAMES),
        fc.constantFrom(0, 2),
        async (scheduler, commands, strategy, limit) => {
          const run = new PoolRun(scheduler, strategy, limit)
          await run.begin()
          await fc.asyncModelRun(() => ({ model: {}, real: run }), commands)
          await run.finish()
          leases += run.leases
          trials += run.lent.filter((each) => each.lease.trial).length
        },
      ),
      { numRuns: 200, seed: 20_261_125 },
    )
    // Otherwise it proves nothing.
    expect(leases).toBeGreaterThan(300)
    expect(trials).toBeGreaterThan(5)
  }, 60_000)
})
