import { expect, it } from 'vitest'
import { refreshStorm } from '../support/refresh-storm.ts'
import { temporaryHome } from '../support/temporary-home.ts'

/** `npm run soak:refresh` is the long version. */
const isLong = process.env['SOAK_REFRESH'] !== undefined
const forMs = isLong ? 300_000 : 20_000

it('processes that are killed share four accounts whose tokens live two seconds, and none is lost', {
  timeout: forMs + 180_000,
}, async () => {
  const report = await refreshStorm({
    home: temporaryHome(),
    processes: isLong ? 8 : 4,
    forMs,
    killEveryMs: isLong ? 1_000 : 2_000,
  })
  if (isLong) console.log(JSON.stringify(report, null, 2))
  expect(report.failed).toEqual([])
  expect(report.calls).toBeGreaterThan(20)
  expect(report.kills).toBeGreaterThan(2)
  expect(report.refreshes).toBeGreaterThan(8)
  const { proof } = report
  const story = JSON.stringify(report)
  // Nobody takes over from a process that lives, and a dead one is waited for no longer than it takes to look again.
  expect(proof.overtakes, story).toEqual([])
  expect(
    proof.takenOverAfterMs.filter((ms) => ms > 20_000),
    story,
  ).toEqual([])
  // Lost is what a process had sent and not yet put beside the store when it was killed, and nothing else: see docs/accounts.md.
  expect(
    proof.reuses.filter(({ inWindow }) => !inWindow),
    story,
  ).toEqual([])
  // A refused token is not sent again by those who waited for its refresh.
  expect(
    proof.reuses.filter(({ sentAfterVerdict }) => sentAfterVerdict > 0),
    story,
  ).toEqual([])
  expect(report.reusesSeen, story).toBeLessThanOrEqual(report.kills)
  expect(proof.reuses.length, story).toBeLessThanOrEqual(report.kills)
  expect(report.loginsAlive + report.loginsLost.length).toBe(4)
})
