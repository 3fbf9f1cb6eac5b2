import type { WindowPlan } from './usage-window.ts'

/** What the announced reset of a window is worth. Weights; only ratios matter. */
export interface Announcements {
  readonly exact: number
  readonly tooLong: number
  readonly tooShort: number
  readonly missing: number
}

/** A kind of world, as data. Means are times between events; `undefined` = never. */
export interface Scenario {
  readonly name: string
  /** One sentence for the page. */
  readonly meaning: string
  readonly accounts: readonly AccountPlan[]
  readonly hasMeteredRoute: boolean
  readonly announcements: Announcements
  /** Agents that work at the same time. */
  readonly agents: number
  /** Calls a day, all agents together, on average. */
  readonly callsPerDay: number
  /** Of one account: all its windows are emptied before their time. */
  readonly earlyResetEveryDays?: number
  /** Of one account: its plan grows or shrinks. */
  readonly planChangeEveryDays?: number
  /** Of one account: seconds in which it is throttled. */
  readonly throttleEveryDays?: number
  /** Of the provider: outages and overloads of a median of 17 s, at most 20 min. */
  readonly faultEveryDays?: number
  /** Of the provider: every token is refused for 90 s although nothing is wrong with it. */
  readonly stormEveryDays?: number
  /** Of one account: its token is revoked for good; somebody logs in again some time later. */
  readonly revokedEveryDays?: number
}

export interface AccountPlan {
  readonly windows: readonly WindowPlan[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const fiveHours = (limit: number): WindowPlan => ({ name: '5h', lengthMs: 5 * HOUR_MS, counts: 'requests', limit })
const weekly = (limit: number): WindowPlan => ({ name: '7d', lengthMs: 7 * DAY_MS, counts: 'tokens', limit })
const monthly = (limit: number): WindowPlan => ({ name: '30d', lengthMs: 30 * DAY_MS, counts: 'tokens', limit })
const plan = (...windows: readonly WindowPlan[]): AccountPlan => ({ windows })

const HONEST: Announcements = { exact: 1, tooLong: 0, tooShort: 0, missing: 0 }
const UNRELIABLE: Announcements = { exact: 5, tooLong: 2, tooShort: 2, missing: 1 }

/** The worlds of the page. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'honest-limits',
    meaning: 'Three accounts with 5 h and weekly windows, reset times that are true, a metered route behind them.',
    accounts: [
      plan(fiveHours(7), weekly(1_300_000)),
      plan(fiveHours(7), weekly(1_300_000)),
      plan(fiveHours(4), weekly(600_000)),
    ],
    hasMeteredRoute: true,
    announcements: HONEST,
    agents: 3,
    callsPerDay: 31,
  },
  {
    name: 'wrong-reset-times',
    meaning:
      'Three accounts, one with a monthly window; half of the announced resets are too long, too short or missing, limits are reset early, plans change.',
    accounts: [plan(fiveHours(6), weekly(1_100_000)), plan(fiveHours(6), weekly(1_100_000)), plan(monthly(2_800_000))],
    hasMeteredRoute: true,
    announcements: UNRELIABLE,
    agents: 3,
    callsPerDay: 31,
    earlyResetEveryDays: 5,
    planChangeEveryDays: 25,
  },
  {
    name: 'rough-provider',
    meaning:
      'Four accounts of a provider with outages, overloads, throttles and storms of 401, with room enough, a metered route.',
    accounts: [0, 1, 2, 3].map(() => plan(fiveHours(18), weekly(2_500_000))),
    hasMeteredRoute: true,
    announcements: HONEST,
    agents: 4,
    callsPerDay: 31,
    throttleEveryDays: 1,
    faultEveryDays: 0.25,
    stormEveryDays: 4,
  },
  {
    name: 'lost-logins',
    meaning:
      'Three accounts whose tokens are revoked now and then and replaced by a new login hours later; throttles; a metered route.',
    accounts: [0, 1, 2].map(() => plan(fiveHours(9), weekly(1_500_000))),
    hasMeteredRoute: true,
    announcements: HONEST,
    agents: 2,
    callsPerDay: 28,
    throttleEveryDays: 2,
    faultEveryDays: 1,
    revokedEveryDays: 12,
  },
  {
    name: 'no-metered-route',
    meaning:
      'Two accounts that are nearly enough and nothing behind them; half of the resets are announced wrongly, some come early; outages.',
    accounts: [plan(fiveHours(7), weekly(1_300_000)), plan(fiveHours(7), weekly(1_300_000))],
    hasMeteredRoute: false,
    announcements: UNRELIABLE,
    agents: 2,
    callsPerDay: 25,
    earlyResetEveryDays: 10,
    throttleEveryDays: 2,
    faultEveryDays: 0.5,
    stormEveryDays: 20,
  },
  {
    name: 'one-account',
    meaning: 'One account, nothing behind it; throttles, outages, wrong reset times.',
    accounts: [plan(fiveHours(13), weekly(2_200_000))],
    hasMeteredRoute: false,
    announcements: UNRELIABLE,
    agents: 1,
    callsPerDay: 20,
    earlyResetEveryDays: 10,
    throttleEveryDays: 1,
    faultEveryDays: 0.5,
  },
  {
    name: 'everything',
    meaning: 'Four unequal accounts, all troubles of the other worlds together, five agents, a metered route.',
    accounts: [
      plan(fiveHours(6), weekly(1_100_000)),
      plan(fiveHours(6), weekly(1_100_000)),
      plan(fiveHours(4), weekly(500_000)),
      plan(monthly(2_500_000)),
    ],
    hasMeteredRoute: true,
    announcements: UNRELIABLE,
    agents: 5,
    callsPerDay: 38,
    earlyResetEveryDays: 8,
    planChangeEveryDays: 30,
    throttleEveryDays: 2,
    faultEveryDays: 0.5,
    stormEveryDays: 10,
    revokedEveryDays: 25,
  },
]
