import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RefreshReply } from '../../src/oauth/ask-refresh.ts'
import type { RefreshStore } from '../../src/pool/store-contract.ts'
import { refreshWorld } from '../support/refresh-world.ts'
import { refusal } from '../support/token-server.ts'

/** Several processes with several calls each over one store, in any order of their steps (invariant I3). */
describe('I3: one refresh in flight per credential, and a rotated token is durable before it is used', () => {
  it.each(['healthy', 'troubled'] as const)('holds under permuted schedules, server %s', async (health) => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.constantFrom(0, 0, 429, 503), { maxLength: 4 }),
        async (scheduler, processes, calls, faults) => {
          const { platform, store, server, process, credential } = await refreshWorld()
          const plan = health === 'healthy' ? [] : [...faults]
          const real = store.refreshes
          const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
            await scheduler.schedule(Promise.resolve(), name)
            return work()
          }
          const gated: RefreshStore = {
            look: (id) => step('look', () => real.look(id)),
            begin: (claim, nowMs) => step('begin', () => real.begin(claim, nowMs)),
            commit: (renewed) => step('commit', () => real.commit(renewed)),
            end: (ended) => step('end', () => real.end(ended)),
            setAside: (renewed) => real.setAside(renewed),
            asides: (tell) => real.asides(tell),
            dropAside: (renewed) => real.dropAside(renewed),
          }
          const ask = async (_: unknown, refreshToken: string | undefined): Promise<RefreshReply> => {
            server.arrive()
            await scheduler.schedule(Promise.resolve(), 'send')
            const fault = plan.shift() ?? 0
            const nowMs = platform.clock.now()
            const reply = fault === 0 ? server.refresh(refreshToken, nowMs) : refusal('busy', nowMs, fault)
            await scheduler.schedule(Promise.resolve(), 'deliver')
            server.leave()
            return reply
          }
          const login = await credential()
          const timers = {
            ...platform.timers,
            // Waiting for another process is one more step; the patience of a call never ends here.
            sleep: (_: number, signal?: AbortSignal) =>
              signal === undefined
                ? scheduler.schedule(Promise.resolve('elapsed' as const), 'wait')
                : new Promise<never>(() => undefined),
          }
          const ways = Array.from({ length: processes }, () =>
            process({ store: gated, ask, platform: { ...platform, timers } }),
          )
          const all = ways.flatMap((refresher) =>
            Array.from({ length: calls }, async () => {
              const renewal = await refresher.renew(login, 1, { ms: 1 })
              const stored = await real.look(login.id)
              if (renewal.kind === 'renewed') {
                expect(renewal.saved).toBe(true)
                expect(stored?.generation).toBeGreaterThanOrEqual(renewal.generation)
                expect(stored?.secret.token).toBe(renewal.secret.token)
              } else {
                expect(renewal.kind).toBe('later')
              }
              return renewal.kind
            }),
          )
          await scheduler.waitFor(Promise.all(all))
          expect(server.mostInFlight).toBeLessThanOrEqual(1)
          expect(server.reuses).toBe(0)
          expect((await real.look(login.id))?.secret.refreshToken).toBe(server.live)
          if (health === 'healthy') expect(server.posts).toBe(1)
        },
      ),
      { numRuns: 150 },
    )
  })
})
