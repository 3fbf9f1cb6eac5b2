import type { Chance } from './chance.ts'
import type { Scenario } from './scenario.ts'

/** One call of a session. */
export interface Turn {
  readonly session: string
  /** Wait after the end of the turn before; of the first turn: epoch ms at which the session begins. */
  readonly afterMs: number
  /** Tokens that the prompt repeats from the turn before: what a prompt cache saves. */
  readonly repeatedTokens: number
  readonly newTokens: number
  readonly outputTokens: number
  /** How long the provider works on it. */
  readonly serviceMs: number
}

/** A conversation of one agent. */
export interface Session {
  readonly agent: number
  readonly startMs: number
  readonly turns: readonly Turn[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MEAN_TURNS = 14
/** Share of the load that falls on each hour of the day, relative. */
const LOAD_BY_HOUR = [1, 1, 1, 1, 1, 1, 2, 4, 8, 10, 10, 9, 7, 9, 10, 10, 9, 7, 5, 4, 4, 3, 2, 1] as const
const TOP_LOAD = Math.max(...LOAD_BY_HOUR)
const MEAN_LOAD = LOAD_BY_HOUR.reduce((sum, each) => sum + each, 0) / LOAD_BY_HOUR.length

/** Draws all sessions of a run in order of their start. An agent begins its next session when the one before is over. */
export function drawSessions(scenario: Scenario, chance: Chance, fromMs: number, untilMs: number): Session[] {
  const sessions: Session[] = []
  const arrivals = chance.fork('arrivals')
  const meanGapMs = (DAY_MS * MEAN_TURNS) / scenario.callsPerDay / (TOP_LOAD / MEAN_LOAD)
  let atMs = fromMs
  for (;;) {
    atMs += arrivals.exponential(meanGapMs)
    if (atMs >= untilMs) return sessions
    const hour = Math.floor((atMs % DAY_MS) / HOUR_MS)
    // Thinning: candidates come at the rate of the busiest hour, the other hours keep their share.
    if (arrivals.next() * TOP_LOAD >= (LOAD_BY_HOUR[hour] ?? 0)) continue
    const index = sessions.length
    const turns = drawTurns(`session-${index}`, chance.fork('session', index))
    sessions.push({ agent: index % scenario.agents, startMs: Math.round(atMs), turns })
  }
}

function drawTurns(session: string, chance: Chance): Turn[] {
  const count = Math.min(80, 1 + Math.floor(chance.exponential(MEAN_TURNS - 0.5)))
  const turns: Turn[] = []
  let repeatedTokens = 0
  for (let index = 0; index < count; index += 1) {
    const newTokens = Math.round(index === 0 ? chance.between(6_000, 20_000) : chance.logNormal(2_500, 0.8))
    const outputTokens = Math.round(chance.logNormal(600, 0.8))
    turns.push({
      session,
      afterMs: index === 0 ? 0 : Math.round(thinkMs(chance)),
      repeatedTokens,
      newTokens,
      outputTokens,
      serviceMs: Math.round(Math.min(90_000, chance.logNormal(6_000, 0.7))),
    })
    repeatedTokens = Math.min(250_000, repeatedTokens + newTokens + outputTokens)
  }
  return turns
}

/** A tool runs for seconds; now and then somebody reads, or goes to lunch. */
function thinkMs(chance: Chance): number {
  const kind = chance.pick({ tool: 70, reads: 25, leaves: 5 })
  if (kind === 'tool') return chance.logNormal(8_000, 0.8)
  return kind === 'reads' ? chance.logNormal(90_000, 0.8) : chance.between(15 * 60_000, 60 * 60_000)
}
