import type { Chance } from './chance.ts'
import type { Scenario } from './scenario.ts'

/** How a provider in trouble looks from outside. */
export type FaultForm =
  | 'overloaded_status'
  | 'overloaded_event'
  | 'server_error_status'
  | 'failed_in_200'
  | 'connection_reset'
  | 'cut_stream'

/** A span in which the provider serves nobody; `storm` = it refuses every token. */
export interface ProviderFault {
  readonly fromMs: number
  readonly untilMs: number
  readonly form: FaultForm | 'storm'
}

const DAY_MS = 86_400_000
const MEDIAN_FAULT_MS = 17_000
const LONGEST_FAULT_MS = 20 * 60_000
/** Widens the median of 17 s to the observed range of seconds to 20 min. */
const FAULT_SPREAD = 1.6
const STORM_MS = 90_000

const FORMS: Readonly<Record<FaultForm, number>> = {
  overloaded_status: 4,
  overloaded_event: 3,
  server_error_status: 2,
  failed_in_200: 2,
  connection_reset: 2,
  cut_stream: 1,
}

/** Draws the provider's troubles of a whole run, in order, before it begins: no policy can change them. */
export function drawFaults(scenario: Scenario, chance: Chance, fromMs: number, untilMs: number): ProviderFault[] {
  const faults: ProviderFault[] = []
  const faultChance = chance.fork('faults')
  for (const atMs of moments(scenario.faultEveryDays, faultChance, fromMs, untilMs)) {
    const ms = Math.min(LONGEST_FAULT_MS, faultChance.logNormal(MEDIAN_FAULT_MS, FAULT_SPREAD))
    faults.push({ fromMs: atMs, untilMs: atMs + ms, form: faultChance.pick(FORMS) })
  }
  for (const atMs of moments(scenario.stormEveryDays, chance.fork('storms'), fromMs, untilMs)) {
    faults.push({ fromMs: atMs, untilMs: atMs + STORM_MS, form: 'storm' })
  }
  return faults.sort((one, other) => one.fromMs - other.fromMs)
}

/** Moments with exponential distances. @param everyDays undefined = none */
export function moments(everyDays: number | undefined, chance: Chance, fromMs: number, untilMs: number): number[] {
  if (everyDays === undefined) return []
  const found: number[] = []
  let atMs = fromMs
  for (;;) {
    atMs += chance.exponential(everyDays * DAY_MS)
    if (atMs >= untilMs) return found
    found.push(Math.round(atMs))
  }
}
