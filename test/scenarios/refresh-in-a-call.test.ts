import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { systemEnvironment } from '../../src/platform/environment.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import type { OAuthScript, Simulator } from '../../src/simulator/index.ts'
import { ask } from '../support/client.ts'
import { loggedInHome, placesOf } from '../support/logged-in-home.ts'
import { loginServer } from '../support/login-world.ts'
import { program } from '../support/program.ts'
import { served } from '../support/served.ts'

const HOUR = 3_600_000
const ONE: OAuthScript = { accounts: [{ email: 'ada@example.org', accountId: 'acct-ada', userId: 'user-ada' }] }

const refreshesAt = (simulator: Simulator) =>
  simulator.oauthRequests.filter(({ fields }) => fields['grant_type'] === 'refresh_token')

/** A gateway as people start it, whose logins the provider refuses as expired although they do not look it. */
async function expiredLogins(script: OAuthScript) {
  const simulator = await loginServer(script)
  const { home, open } = await loggedInHome(simulator)
  const gateway = await served(home, { 'openai-codex': placesOf(simulator) })
  simulator.oauth?.use({ clockSkewMs: 2 * HOUR })
  return { simulator, gateway, open }
}

describe('a call whose token is refused', () => {
  it.each([true, false])(
    'goes on with a renewed one, stream %s: one POST, and the caller sees a good answer',
    async (stream) => {
      const { simulator, gateway, open } = await expiredLogins(ONE)
      const reading = await ask(gateway.url, 'responses', stream)
      expect(reading).toMatchObject({ status: 200, said: 'The answer is 42.', ending: 'complete' })
      expect([reading.headers.get('x-sparekey-credential'), reading.headers.get('x-sparekey-attempts')]).toEqual([
        'ada',
        '2',
      ])
      expect(refreshesAt(simulator).map(({ status }) => status)).toEqual([200])
      const [first, second] = simulator.requests.map(({ token }) => token)
      expect(simulator.requests).toHaveLength(2)
      expect(second).not.toBe(first)
      const store = await open()
      const secret = await store.readSecret('cred_ada')
      // What was used is what is stored, and nothing speaks against the login.
      expect(secret?.token).toBe(second)
      const { credentials, benches } = await store.snapshot()
      expect([credentials[0]?.generation, benches]).toEqual([2, []])
      await store.close()
    },
  )

  it('with twenty others at once: one POST for all', async () => {
    const { simulator, gateway } = await expiredLogins(ONE)
    const readings = await Promise.all(Array.from({ length: 20 }, () => ask(gateway.url, 'responses', true)))
    expect(new Set(readings.map(({ status, said }) => `${status} ${said}`))).toEqual(new Set(['200 The answer is 42.']))
    expect(refreshesAt(simulator)).toHaveLength(1)
    expect(simulator.oauth?.tokens.reuses).toBe(0)
  })

  it('whose refresh is refused for good: the next account serves, and the message names the repair', async () => {
    const { simulator, gateway, open } = await expiredLogins({})
    simulator.oauth?.tokens.invalidate('acct-ada')
    const reading = await ask(gateway.url, 'responses', false)
    expect(reading).toMatchObject({ status: 200, said: 'The answer is 42.' })
    expect(reading.headers.get('x-sparekey-credential')).toBe('bob')
    const store = await open()
    const { benches } = await store.snapshot()
    expect(benches).toMatchObject([{ credentialId: 'cred_ada', reason: 'auth_revoked', dead: true }])
    await store.close()
  })

  it.each([429, 503])(
    'while the token endpoint answers %i: the next account serves, and nobody is dead',
    async (status) => {
      const { gateway, open } = await expiredLogins({ faults: [{ at: 'refresh', does: { kind: 'status', status } }] })
      const reading = await ask(gateway.url, 'responses', false)
      expect(reading.status).toBe(200)
      expect(reading.headers.get('x-sparekey-credential')).toBe('bob')
      const store = await open()
      expect((await store.snapshot()).benches.filter(({ dead }) => dead)).toEqual([])
      await store.close()
    },
  )
})

describe('a usage probe whose token is refused (89415)', () => {
  it('renews it, asks again, and lifts the bench that no longer holds', async () => {
    const simulator = await loginServer(ONE)
    const asked: string[] = []
    const usage = createServer((request, response) => {
      const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
      const { verdict } = simulator.oauth?.judge(token) ?? { verdict: 'unknown' }
      asked.push(`${request.url} ${verdict}`)
      response.writeHead(verdict === 'valid' ? 200 : 401, { 'content-type': 'application/json' })
      const window = { used_percent: 3, limit_window_seconds: 604_800, reset_after_seconds: 60 }
      response.end(
        JSON.stringify(
          verdict === 'valid'
            ? { plan_type: 'plus', rate_limit: { primary_window: window } }
            : { error: { code: 'token_expired', message: 'expired' } },
        ),
      )
    })
    usage.listen(0, '127.0.0.1')
    await once(usage, 'listening')
    onTestFinished(() => void usage.close())
    const { port } = usage.address() as { port: number }
    const { home, open } = await loggedInHome(simulator, `http://127.0.0.1:${port}/backend-api/codex`)
    const store = await open()
    const nowMs = systemPlatform.clock.now()
    await store.changeBench('cred_ada', '*', ({ id, generation }) => ({
      credentialId: id,
      scope: '*',
      reason: 'quota_exhausted',
      sinceMs: nowMs - HOUR,
      untilMs: nowMs + 100 * HOUR,
      trialAtMs: nowMs - 1,
      dead: false,
      tokenGeneration: generation,
      strikes: 1,
      failedTrials: 0,
      evidence: { rule: 'test', message: 'used up', timeSource: 'stated', seenAtMs: nowMs - HOUR },
    }))
    const loaded = await loadConfig(join(home, 'config.yaml'), systemEnvironment, {})
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
    const runtime = new Runtime({
      config: loaded.config,
      store,
      platform: systemPlatform,
      environment: systemEnvironment,
    })
    onTestFinished(() => runtime.close())
    simulator.oauth?.use({ clockSkewMs: 2 * HOUR })
    const acquired = await runtime.pool.acquire({ provider: 'openai-codex', model: 'gpt-5.5', tried: new Map() })
    expect(asked).toEqual(['/backend-api/wham/usage expired', '/backend-api/wham/usage valid'])
    expect(refreshesAt(simulator).map(({ status }) => status)).toEqual([200])
    // Lifted by evidence: no call has to be the trial.
    expect(acquired).toMatchObject({ kind: 'lease', lease: { trial: false, tokenGeneration: 2 } })
    expect((await store.snapshot()).benches).toEqual([])
    if (acquired.kind === 'lease') await acquired.lease.release()
  })
})

describe('sparekey auth refresh, as a process', () => {
  it('renews a login that still lives, says until when, and stores what it got', async () => {
    const simulator = await loginServer(ONE)
    const { home, open } = await loggedInHome(simulator)
    const run = program(home, ['auth', 'refresh', 'openai-codex', 'ada', '--json'])
    expect(await run.ended()).toBe(0)
    expect(JSON.parse(run.said())).toMatchObject({
      refreshed: [{ id: 'cred_ada', label: 'ada', outcome: 'renewed', stored: true, why: null }],
    })
    expect(refreshesAt(simulator)).toHaveLength(1)
    const store = await open()
    const { token = '', refreshToken = '' } = (await store.readSecret('cred_ada')) ?? {}
    await store.close()
    expect(simulator.oauth?.judge(token).verdict).toBe('valid')
    expect(run.said()).not.toContain(token)
    expect(simulator.oauth?.tokens.refresh(refreshToken)).toHaveProperty('tokens')
  })

  it('ends with 4 and the command that repairs when the provider refuses for good', async () => {
    const simulator = await loginServer(ONE)
    const { home } = await loggedInHome(simulator)
    simulator.oauth?.tokens.invalidate('acct-ada')
    const run = program(home, ['auth', 'refresh', 'openai-codex', '--json'])
    expect(await run.ended()).toBe(4)
    expect(run.said()).toContain('sparekey auth login openai-codex --label ada')
  })

  it('two at once never spend a token twice', async () => {
    const simulator = await loginServer({
      ...ONE,
      faults: [{ at: 'refresh', times: 9, does: { kind: 'slow', ms: 1_500 } }],
    })
    const { home } = await loggedInHome(simulator)
    const runs = [
      program(home, ['auth', 'refresh', 'openai-codex']),
      program(home, ['auth', 'refresh', 'openai-codex']),
    ]
    expect(await Promise.all(runs.map((run) => run.ended()))).toEqual([0, 0])
    expect(simulator.oauth?.tokens.reuses).toBe(0)
  })

  it.each([
    ['before the provider has seen the token: goes on at once', 'held', 0],
    ['after the provider has rotated it: says what happened', 'rotated', 4],
  ] as const)('of a process that was killed, %s', async (_what, fate, exit) => {
    const simulator = await loginServer(ONE)
    const slow = await slowTokenServer(simulator, fate)
    const { home } = await loggedInHome(simulator)
    writeFileSync(
      join(home, 'config.yaml'),
      `providers:\n  openai-codex: ${JSON.stringify({ ...placesOf(simulator), oauth: { issuer: slow.url } })}\n`,
    )
    const first = program(home, ['auth', 'refresh', 'openai-codex'])
    await slow.arrived
    first.process.kill('SIGKILL')
    await first.ended()
    const second = program(home, ['auth', 'refresh', 'openai-codex', '--json'])
    expect(await second.ended()).toBe(exit)
    if (fate === 'rotated') expect(second.said()).toMatch(/cut off before its new tokens could be stored.*auth login/)
    expect(simulator.oauth?.tokens.reuses).toBe(fate === 'rotated' ? 1 : 0)
  })
})

/** A token endpoint whose first answer never comes, `rotated`: although the token was used up. */
async function slowTokenServer(simulator: Simulator, fate: 'held' | 'rotated') {
  let isFirst = true
  let told = () => {}
  const arrived = new Promise<void>((resolve) => {
    told = resolve
  })
  const server = createServer((request, response) => {
    const carry = async () => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const holds = isFirst
      isFirst = false
      if (!holds || fate === 'rotated') {
        const answer = await fetch(`${simulator.url}${request.url}`, {
          method: 'POST',
          headers: { 'content-type': request.headers['content-type'] ?? '' },
          body: Buffer.concat(parts),
        })
        const text = await answer.text()
        if (!holds) response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
      }
      if (holds) told()
    }
    carry().catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, arrived }
}
