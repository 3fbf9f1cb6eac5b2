import { describe, expect, it } from 'vitest'
import { PROVIDERS } from '../providers/_registry.ts'
import type { Route } from './call.ts'
import { FallbackHolds } from './fallback-holds.ts'

const MINUTE = 60_000

function route(provider: string): Route {
  const definition = PROVIDERS['openai']
  if (definition === undefined) throw new Error('no provider')
  return { provider, model: 'm', definition, baseUrl: '', headers: [], wires: [] }
}

const FIRST = route('first')
const SECOND = route('second')
const FALL = { reason: 'overloaded', standing: 'a 1 0' }

describe('how long a session stays on a fallback', () => {
  it('a minute; who falls again within a minute stays twice as long as before, up to ten', () => {
    const holds = new FallbackHolds()
    let nowMs = 0
    const minutes: number[] = []
    for (let fall = 0; fall < 7; fall += 1) {
      const { untilMs } = holds.stay('s', FIRST, SECOND, FALL, nowMs)
      expect(holds.find('s', FIRST, FALL.standing, untilMs - 1)?.route).toBe('second/m')
      expect(holds.find('s', FIRST, FALL.standing, untilMs)).toBeUndefined()
      minutes.push((untilMs - nowMs) / MINUTE)
      nowMs = untilMs + MINUTE - 1
    }
    expect(minutes).toEqual([1, 1, 2, 4, 8, 10, 10])
    expect(holds.stay('s', FIRST, SECOND, FALL, nowMs + 11 * MINUTE).untilMs - nowMs - 11 * MINUTE).toBe(MINUTE)
  })

  it('until the return that was announced, when that comes sooner; after a relapse that word is not taken', () => {
    const holds = new FallbackHolds()
    expect(holds.stay('s', FIRST, SECOND, { ...FALL, returnsAtMs: 5_000 }, 0).untilMs).toBe(5_000)
    expect(holds.stay('s', FIRST, SECOND, { ...FALL, returnsAtMs: 11_000 }, 6_000).untilMs).toBe(6_000 + MINUTE)
    expect(holds.stay('t', FIRST, SECOND, { ...FALL, returnsAtMs: 99 * MINUTE }, 0).untilMs).toBe(MINUTE)
  })

  it('not when somebody changed the pool of the first route, and a fall after that is a first one', () => {
    const holds = new FallbackHolds()
    holds.stay('s', FIRST, SECOND, FALL, 0)
    expect(holds.find('s', FIRST, 'a 2 0', 1)).toBeUndefined()
    expect(holds.stay('s', FIRST, SECOND, { ...FALL, standing: 'a 2 0' }, 1).strikes).toBe(0)
  })

  it('is kept for ten thousand sessions, the latest', () => {
    const holds = new FallbackHolds()
    for (let session = 0; session <= 10_000; session += 1) holds.stay(String(session), FIRST, SECOND, FALL, 0)
    expect([holds.has('0', FIRST), holds.has('1', FIRST), holds.has('10000', FIRST)]).toEqual([false, true, true])
  })

  it('carried on it is the same stay, and ended it is none', () => {
    const holds = new FallbackHolds()
    const hold = holds.stay('s', FIRST, SECOND, FALL, 0)
    holds.carry('answer', FIRST, hold)
    expect(holds.find('answer', FIRST, FALL.standing, 1)).toEqual(hold)
    holds.end('s', FIRST)
    expect(holds.has('s', FIRST)).toBe(false)
    expect(holds.has('s', SECOND)).toBe(false)
  })
})
