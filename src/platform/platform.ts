import { type Clock, systemClock } from './clock.ts'
import { type Random, systemRandom } from './random.ts'
import { systemTimers, type Timers } from './timers.ts'

/** Time and chance in one handful: everything that makes a run differ from the last one. */
export interface Platform {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
}

export const systemPlatform: Platform = { clock: systemClock, timers: systemTimers, random: systemRandom }
