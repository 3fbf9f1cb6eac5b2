import { describe, expect, it } from 'vitest'
import { loadText } from '../../src/config/load.ts'
import { resolveChain } from '../../src/config/resolve.ts'
import { fixedEnvironment } from '../../src/platform/environment.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { allowedRoutes } from '../../src/relay/fallback-policy.ts'
import { MINUTE } from '../support/pool-fixtures.ts'
import { relayBefore } from '../support/relay-fixtures.ts'

/** A reset time that was wrong by days sent every call to a metered provider, and nobody was told. */
const RESETS_IN_SECONDS = 6 * 86_400
const EMPTY = {
  status: 429,
  body: { error: { type: 'usage_limit_reached', message: 'used up', resets_in_seconds: RESETS_IN_SECONDS } },
}

function plusAndMetered() {
  let empty = true
  return {
    refill: () => {
      empty = false
    },
    relay: relayBefore({
      routes: [
        { provider: 'openai-codex', tokens: ['plus'] },
        { provider: 'openrouter', tokens: ['metered'] },
      ],
      answer: ({ token }) => (token === 'plus' && empty ? EMPTY : 'good'),
    }),
  }
}

describe('a call on a fallback (72941, 69494, 31032)', () => {
  it('says so, with the reason, and its story tells since when and until when', async () => {
    const relay = await plusAndMetered().relay
    const startedAtMs = relay.platform.clock.now()
    for (const _ of [1, 2])
      expect((await relay.call()).headers).toMatchObject({
        'x-sparekey-fallback': 'quota_exhausted',
        'x-sparekey-route': 'openrouter/gpt-5.5',
      })
    const ends = relay.events.filter(({ type }) => type === 'call_ended')
    expect(ends).toMatchObject([{ fallbackReason: 'quota_exhausted' }, { fallbackReason: 'quota_exhausted' }])
    const [described] = await relay.pool.describe('openai-codex')
    expect(described?.standing).toMatchObject({
      kind: 'benched',
      bench: { reason: 'quota_exhausted', sinceMs: startedAtMs },
      untilMs: startedAtMs + RESETS_IN_SECONDS * 1000,
    })
  })

  it('does not trust the reset for days: the account is tested after a quarter of an hour', async () => {
    const { relay: starting, refill } = plusAndMetered()
    const relay = await starting
    await relay.call()
    refill()
    relay.platform.advance(15 * MINUTE - 1)
    expect((await relay.call()).headers['x-sparekey-credential']).toBe('metered')
    relay.platform.advance(1)
    expect((await relay.call()).headers['x-sparekey-credential']).toBe('plus')
    expect(await relay.benched()).toEqual([])
  })

  it('never happens where only subscriptions may be used', () => {
    const text =
      'models:\n  m: [openai-codex/m, openrouter/m]\nfallback: [anthropic/m]\nfallbackPolicy: subscription-only\n'
    const loaded = loadText({ text }, 'config.yaml', fixedEnvironment({}))
    if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.problems))
    const resolved = resolveChain(loaded.config, PROVIDERS, new Set(Object.keys(PROVIDERS)), 'm', 'responses')
    if (resolved.kind !== 'chain') throw new Error(resolved.message)
    const reason = expect.stringContaining('subscription-only') as string
    expect(allowedRoutes(resolved, [])).toMatchObject({
      chain: [{ provider: 'openai-codex' }],
      withheld: [
        { route: 'openrouter/m', reason },
        { route: 'anthropic/m', reason },
      ],
    })
  })
})
