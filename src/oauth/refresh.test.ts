import { describe, expect, it } from 'vitest'
import type { RefreshReply } from './ask-refresh.ts'
import { refreshWorld } from '../../test/support/refresh-world.ts'
import { refusal } from '../../test/support/token-server.ts'
import { StoreError } from '../pool/store-contract.ts'
import { isDue, stillLives } from './refresh-time.ts'
import { renewedTokens } from './renewed-tokens.ts'

const patience = { ms: 60_000 }
const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

function jwt(accountId: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({})}.${part({ sub: 'u', 'https://api.openai.com/auth': { chatgpt_account_id: accountId } })}.x`
}

describe('when a token is renewed', () => {
  const life = { expiresAtMs: 1_000_000, obtainedAtMs: 0 }
  it('120 s ahead of its end, up to a fifth later by chance', () => {
    expect(isDue(life, 879_999, 0)).toBe(false)
    expect(isDue(life, 880_000, 0)).toBe(true)
    expect(isDue(life, 891_000, 0.5)).toBe(false)
    expect(isDue(life, 892_000, 0.5)).toBe(true)
  })
  it('a short-lived one at half of its life', () => {
    const short = { expiresAtMs: 2_000, obtainedAtMs: 0 }
    expect(isDue(short, 999, 0)).toBe(false)
    expect(isDue(short, 1_000, 0)).toBe(true)
    expect(stillLives(short, 1_749)).toBe(true)
    expect(stillLives(short, 1_750)).toBe(false)
  })
  it('one that does not tell its end: when it is refused', () => {
    expect(isDue({}, 1e15, 0)).toBe(false)
  })
})

describe('what a token endpoint answers', () => {
  const before = { token: 'at', refreshToken: 'rt', expiresAtMs: 5, accountId: 'acct-1' }
  it.each([
    [{ access_token: 'at2' }, { token: 'at2', refreshToken: 'rt' }],
    [{ refresh_token: 'rt2' }, { token: 'at', refreshToken: 'rt2', expiresAtMs: 5 }],
    [
      { id_token: jwt('acct-1'), access_token: 'at2', refresh_token: 'rt2', expires_in: 1 },
      { token: 'at2', refreshToken: 'rt2', expiresAtMs: 1_100 },
    ],
  ])('%j: missing values stay', (body, expected) => {
    expect(renewedTokens(before, body, 'acct-1', 100)).toEqual({ ...expected, accountId: 'acct-1', obtainedAtMs: 100 })
  })
  it('tokens of another account are refused', () => {
    expect(renewedTokens(before, { access_token: jwt('acct-2') }, undefined, 100)).toBeUndefined()
    expect(renewedTokens({ token: 'at' }, { access_token: jwt('acct-2') }, 'acct-1', 100)).toBeUndefined()
  })
})

describe('a refresh', () => {
  it('of many calls at once is one POST', async () => {
    const world = await refreshWorld()
    const [login, one] = [await world.credential(), world.process()]
    const all = await Promise.all(Array.from({ length: 50 }, () => one.renew(login, 1, patience)))
    expect(new Set(all.map((each) => each.kind === 'renewed' && each.secret.token))).toEqual(new Set(['at_1']))
    expect(world.server.posts).toBe(1)
    expect(await world.credential()).toMatchObject({ generation: 2 })
  })

  it('15167: takes what another process has stored instead of asking', async () => {
    const world = await refreshWorld()
    const login = await world.credential()
    await world.process().renew(login, 1, patience)
    expect(await world.process().renew(login, 1, patience)).toMatchObject({ kind: 'renewed', generation: 2 })
    expect(world.server.posts).toBe(1)
  })

  it.each([429, 500, 503])('%i of the token endpoint is not death, and is not asked again at once', async (status) => {
    const world = await refreshWorld()
    let asked = 0
    const one = world.process({
      ask: async () => {
        asked += 1
        return refusal('busy', world.platform.clock.now(), status)
      },
    })
    const login = await world.credential()
    const renewal = await one.renew(login, 1, patience)
    expect(renewal).toMatchObject({ kind: 'later', failure: { label: 'auth_expired', retryAfterMs: 2_000 } })
    // Every process leaves it alone.
    expect(await world.process().renew(login, 1, patience)).toMatchObject({ kind: 'later' })
    expect([asked, world.server.posts]).toEqual([1, 0])
    world.platform.advance(2_001)
    expect(await world.process().renew(login, 1, patience)).toMatchObject({ kind: 'renewed', generation: 2 })
  })

  it.each([
    'refresh_token_reused',
    'refresh_token_expired',
    'refresh_token_invalidated',
    'invalid_grant',
    'something_else',
  ])('%s with 401 is dead, and the command that repairs is named (92606, 89401)', async (code) => {
    const world = await refreshWorld()
    const one = world.process({ ask: async () => refusal(code, world.platform.clock.now()) })
    const renewal = await one.renew(await world.credential(), 1, patience)
    expect(renewal).toMatchObject({ kind: 'dead', failure: { label: 'auth_revoked' } })
    expect(JSON.stringify(renewal)).toContain('sparekey auth login openai-codex --label work')
  })

  it('a refusal is believed only after looking whether somebody else has newer tokens', async () => {
    const world = await refreshWorld()
    const one = world.process({
      ask: async () => {
        await world.store.replaceSecret('cred_work', { token: 'at_new', refreshToken: 'rt_new' }, 'finger-new')
        return refusal('refresh_token_reused', world.platform.clock.now())
      },
    })
    expect(await one.renew(await world.credential(), 1, patience)).toMatchObject({
      kind: 'renewed',
      secret: { token: 'at_new' },
    })
  })

  it('a crash between POST and commit is recognised afterwards', async () => {
    const world = await refreshWorld()
    const login = await world.credential()
    const crashed = world.process({
      ask: (_, token) => {
        world.server.refresh(token, 0)
        return new Promise(() => undefined)
      },
    })
    void crashed.renew(login, 1, patience)
    await settle()
    world.platform.advance(45_001)
    const renewal = await world.process().renew(login, 1, patience)
    expect(renewal).toMatchObject({ kind: 'dead' })
    expect(JSON.stringify(renewal)).toMatch(/cut off before its new tokens could be stored.*sparekey auth login/)
  })

  it('105797: while one is under way, nobody else asks', async () => {
    const world = await refreshWorld()
    const login = await world.credential()
    let answer = () => {}
    const slow = world.process({
      ask: (_, token) =>
        new Promise((resolve) => {
          answer = () => resolve(world.server.refresh(token, 0))
        }),
    })
    const first = slow.renew(login, 1, patience)
    await settle()
    const second = world.process().renew(login, 1, patience)
    world.platform.advance(1_400)
    await settle()
    expect(world.server.posts).toBe(0)
    answer()
    expect(await first).toMatchObject({ kind: 'renewed', generation: 2 })
    world.platform.advance(100)
    expect(await second).toMatchObject({ kind: 'renewed', generation: 2 })
    expect(world.server).toMatchObject({ posts: 1, reuses: 0 })
  })

  it('a refused token is not sent again by those who waited for the refresh, and is tried anew a moment later', async () => {
    const world = await refreshWorld()
    const login = await world.credential()
    let asked = 0
    let answer = () => {}
    const refusing = () => {
      asked += 1
      return new Promise<RefreshReply>((resolve) => {
        answer = () => resolve(refusal('refresh_token_reused', world.platform.clock.now()))
      })
    }
    const first = world.process({ ask: refusing }).renew(login, 1, patience)
    await settle()
    const waiter = world.process({ ask: refusing })
    const second = waiter.renew(login, 1, patience)
    await settle()
    answer()
    expect(await first).toMatchObject({ kind: 'dead' })
    world.platform.advance(100)
    expect(await second).toMatchObject({ kind: 'later', failure: { retryAfterMs: expect.any(Number) } })
    expect(asked).toBe(1)
    // The pool's verdict may have got lost with its process.
    world.platform.advance(2_001)
    const third = waiter.renew(login, 1, patience)
    await settle()
    answer()
    expect([(await third).kind, asked]).toEqual(['dead', 2])
  })

  it('a caller who leaves does not cut it', async () => {
    const world = await refreshWorld()
    const [login, one, cut] = [await world.credential(), world.process(), new AbortController()]
    const waiting = one.renew(login, 1, { ms: 1_000, signal: cut.signal })
    cut.abort()
    await waiting
    await one.close()
    expect(await world.credential()).toMatchObject({ generation: 2 })
  })

  it('leaves a quota bench in place: it is the same account', async () => {
    const world = await refreshWorld()
    const bench = (scope: string, reason: 'quota_exhausted' | 'auth_expired') =>
      world.store.changeBench('cred_work', scope, () => ({
        credentialId: 'cred_work',
        scope,
        reason,
        sinceMs: 1,
        untilMs: 1e15,
        trialAtMs: 1e15,
        dead: false,
        tokenGeneration: 1,
        strikes: 1,
        failedTrials: 0,
        evidence: { rule: 'x', message: '', timeSource: 'guess', seenAtMs: 1 },
      }))
    await bench('*', 'quota_exhausted')
    await bench('gpt-5.5', 'auth_expired')
    await world.process().renew(await world.credential(), 1, patience)
    const { benches } = await world.store.snapshot()
    expect(benches.map(({ reason, tokenGeneration }) => [reason, tokenGeneration])).toEqual([
      ['quota_exhausted', 2],
      ['auth_expired', 1],
    ])
  })
})

describe('a store that refuses', () => {
  it('before the POST: the token is not sent', async () => {
    const world = await refreshWorld()
    const one = world.process({
      store: {
        ...bound(world.store.refreshes),
        begin: () => Promise.reject(new StoreError('full', 'the disk is full')),
      },
    })
    expect(await one.renew(await world.credential(), 1, patience)).toMatchObject({ kind: 'later' })
    expect(world.server.posts).toBe(0)
  })

  it('after the POST: the pair is used, set aside, told, and stored when that is possible (15099, 109799, 113816)', async () => {
    const world = await refreshWorld()
    let isFull = true
    const refreshes = bound(world.store.refreshes)
    const store = {
      ...refreshes,
      commit: (renewed: Parameters<typeof refreshes.commit>[0]) =>
        isFull ? Promise.reject(new StoreError('full', 'the disk is full')) : refreshes.commit(renewed),
    }
    const login = await world.credential()
    const one = world.process({ store })
    expect(await one.renew(login, 1, patience)).toMatchObject({
      kind: 'renewed',
      saved: false,
      secret: { token: 'at_1' },
    })
    expect(one.unsaved(login)?.token).toBe('at_1')
    expect(world.troubles.join()).toContain('REFRESHED TOKENS NOT STORED')
    // Another process finds the pair beside the store and does not spend the old token again.
    const other = world.process({ store })
    expect(await other.renew(login, 1, patience)).toMatchObject({
      kind: 'renewed',
      saved: false,
      secret: { token: 'at_1' },
    })
    isFull = false
    world.platform.advance(3_000)
    await settle()
    expect(await world.credential()).toMatchObject({ generation: 2 })
    expect(await refreshes.asides(() => undefined)).toEqual([])
    expect(one.unsaved(login)).toBeUndefined()
    expect(world.server).toMatchObject({ posts: 1, reuses: 0 })
  })
})

function bound(refreshes: Awaited<ReturnType<typeof refreshWorld>>['store']['refreshes']) {
  return {
    look: refreshes.look.bind(refreshes),
    begin: refreshes.begin.bind(refreshes),
    commit: refreshes.commit.bind(refreshes),
    end: refreshes.end.bind(refreshes),
    setAside: refreshes.setAside.bind(refreshes),
    asides: refreshes.asides.bind(refreshes),
    dropAside: refreshes.dropAside.bind(refreshes),
  }
}
