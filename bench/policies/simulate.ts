import { Chance } from './chance.ts'
import type { Contestant, PolicyRow } from './contestant.ts'
import type { Tally } from './meter.ts'
import type { Scenario } from './scenario.ts'
import { drawSessions, type Session } from './sessions.ts'
import { VirtualTime } from './virtual-time.ts'
import { World } from './world.ts'

const DAY_MS = 86_400_000
/** 2026-01-01T00:00:00Z, a midnight. */
const START_MS = 1_767_225_600_000

/** Plays one policy in one world. The same arguments always give the same tally. */
export async function simulate(row: PolicyRow, scenario: Scenario, seed: number, days: number): Promise<Tally> {
  const untilMs = START_MS + days * DAY_MS
  const time = new VirtualTime(START_MS, seed)
  const chance = Chance.of(scenario.name, seed)
  const world = new World(scenario, chance, time, untilMs)
  const opening = row.open({
    platform: time.platform,
    network: world.network,
    accounts: world.accounts.map((name) => ({ name, token: world.tokenOf(name) })),
    hasMeteredRoute: scenario.hasMeteredRoute,
    beforeNotesChange: () => world.meter.advance(time.nowMs),
  })
  const contestant = await opening
  world.watch(contestant)
  const agents: Session[][] = Array.from({ length: scenario.agents }, () => [])
  for (const session of drawSessions(scenario, chance.fork('load'), START_MS, untilMs))
    agents[session.agent]?.push(session)
  let busy = agents.length
  const working = agents.map(async (sessions) => {
    await work(sessions, contestant, world, time)
    busy -= 1
  })
  await time.runUntil(Number.POSITIVE_INFINITY, () => busy === 0)
  await Promise.all(working)
  world.meter.advance(time.nowMs)
  await contestant.close()
  return world.meter.tally()
}

/** One agent: its sessions one after the other, their turns one after the other. */
async function work(sessions: readonly Session[], contestant: Contestant, world: World, time: VirtualTime) {
  const { timers } = time.platform
  for (const { startMs, turns } of sessions) {
    await timers.sleep(startMs - time.nowMs)
    for (const turn of turns) {
      await timers.sleep(turn.afterMs)
      const beganMs = time.nowMs
      world.announce(turn)
      const answered = await contestant.answer(turn)
      world.meter.callEnded(answered, time.nowMs - beganMs - turn.serviceMs)
    }
  }
}
