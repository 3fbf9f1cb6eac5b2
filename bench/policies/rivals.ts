import type { Failure } from '../../src/failure/evidence.ts'
import type { Rival, RivalSituation, RivalStep } from './rival.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

const first: Rival['choose'] = (ready) => ready[0]

/** The same account again after 1, 2, 4 s, then the fallback: what nearly every client does when the provider is down. */
function retried({ failuresHere }: RivalSituation): RivalStep {
  return failuresHere <= 3 ? { kind: 'again', afterMs: SECOND_MS * 2 ** (failuresHere - 1) } : { kind: 'fallback' }
}

const isAccountsFault = ({ blame }: Failure) => blame === 'credential'

/** The policies that ours is compared with. All of them see failures through our classifier: what differs is the rule alone. */
export const RIVALS: readonly Rival[] = [
  {
    name: 'retry three times, then fall back',
    meaning:
      'The same account three times with 2 and 4 s between, then the metered route; nothing is remembered, the next call begins with the same account.',
    firstOnly: true,
    choose: first,
    react: (_, { failuresHere }) =>
      failuresHere < 3 ? { kind: 'again', afterMs: 2 * SECOND_MS * 2 ** (failuresHere - 1) } : { kind: 'fallback' },
  },
  {
    name: 'fixed cooldown of one hour',
    meaning:
      'Whatever an account is refused for, it is left alone for one hour and the next one is taken, whatever reset was announced.',
    choose: first,
    react: (failure, situation) => (isAccountsFault(failure) ? { kind: 'next', coolMs: HOUR_MS } : retried(situation)),
  },
  {
    name: 'fixed cooldown of 5 s',
    meaning:
      'Accounts in random order; one that is refused or times out is left alone for 5 s; two retries on others, then the metered route.',
    comesBack: true,
    choose: (ready, chance) => ready[Math.floor(chance * ready.length)],
    react: (failure, { failures }) => {
      const cools = isAccountsFault(failure) || failure.label === 'timeout'
      return { kind: failures <= 2 ? 'next' : 'fallback', ...(cools ? { coolMs: 5 * SECOND_MS } : {}) }
    },
  },
  {
    name: 'trust the reset verbatim',
    meaning:
      'An account is left alone until exactly the announced time; without one, a minute for a throttle and an hour for anything else.',
    choose: first,
    react: (failure, situation) =>
      isAccountsFault(failure) ? { kind: 'next', coolMs: announcedMs(failure, situation) } : retried(situation),
  },
  {
    name: 'stateless, in order',
    meaning: 'Every call tries all accounts in order, then the metered route; nothing is remembered.',
    choose: first,
    react: () => ({ kind: 'next' }),
  },
]

function announcedMs(failure: Failure, { nowMs }: RivalSituation): number {
  if (failure.resetAt !== undefined) return Math.max(0, failure.resetAt - nowMs)
  return failure.retryAfterMs ?? (failure.label === 'rate_limit' ? MINUTE_MS : HOUR_MS)
}
