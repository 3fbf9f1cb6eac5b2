import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemPlatform } from '../../src/platform/platform.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { type Scenario, type Simulator, startSimulator } from '../../src/simulator/index.ts'
import { ask } from '../support/client.ts'
import { commandLine } from '../support/cli.ts'
import { served } from '../support/served.ts'
import { atHome, homeWith } from '../support/sqlite-home.ts'
import { baseUrlOf } from '../support/world.ts'

const QUOTA = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 }

async function simulator(scenario: Scenario): Promise<Simulator> {
  const started = await startSimulator({ scenario })
  onTestFinished(() => started.close())
  return started
}

const homeOfCodex = (tokens: readonly string[]) => homeWith('openai-codex', tokens)

describe('real processes', () => {
  it('two gateways on one home share a verdict before the next call', async () => {
    const tokens = ['tok-a', 'tok-b']
    const upstream = await simulator({
      name: 'x',
      description: '',
      credentials: { 'tok-a': { steps: [{ kind: 'failed', error: QUOTA }] }, 'tok-b': {} },
    })
    const home = await homeOfCodex(tokens)
    const baseUrls = { 'openai-codex': baseUrlOf('openai-codex', upstream.url) }
    const [one, two] = await Promise.all([served(home, baseUrls), served(home, baseUrls)])
    expect(await ask(one.url, 'responses', true)).toMatchObject({ ending: 'complete' })
    for (let call = 0; call < 3; call += 1)
      expect(await ask(two.url, 'responses', false)).toMatchObject({ ending: 'complete' })
    expect(upstream.hits('tok-a')).toBe(1)
    for (const each of [one, two]) each.process.kill('SIGTERM')
    expect(await Promise.all([one.ended(), two.ended()])).toEqual([0, 0])
  })

  it('kill -9 at random moments under load loses no credential and no bench that was acted on', async () => {
    const random = seededRandom(42)
    const empty = Array.from({ length: 6 }, (_, index) => `empty-${index}`)
    const tokens = [...empty, 'good-1', 'good-2']
    const upstream = await simulator({
      name: 'x',
      description: '',
      credentials: {
        ...Object.fromEntries(empty.map((token) => [token, { steps: [{ kind: 'failed' as const, error: QUOTA }] }])),
        'good-1': {},
        'good-2': {},
      },
    })
    const home = await homeOfCodex(tokens)
    const acknowledged = new Set<string>()
    for (let round = 0; round < 4; round += 1) {
      const gateway = await served(home, { 'openai-codex': baseUrlOf('openai-codex', upstream.url) })
      const killAfter = Math.floor(random.next() * 12)
      let answers = 0
      const load = Array.from({ length: 6 }, async () => {
        for (let call = 0; call < 6; call += 1) {
          const reading = await ask(gateway.url, 'responses', call % 2 === 0).catch(() => undefined)
          if (reading === undefined) return
          answers += 1
          // Whoever came before the good one was benched before this answer was given.
          if (reading.ending === 'complete')
            for (const token of empty) if (upstream.hits(token) > 0) acknowledged.add(token)
          if (answers >= killAfter) gateway.process.kill('SIGKILL')
        }
      })
      await Promise.all(load)
      gateway.process.kill('SIGKILL')
      expect(await gateway.ended()).toBe('SIGKILL')
      const { credentials, benches } = await atHome(home, (store) => store.snapshot())
      expect(credentials.map(({ label }) => label)).toEqual(tokens)
      const benched = new Set(benches.map(({ credentialId }) => credentialId.replace('cred_openai-codex_', '')))
      for (const token of acknowledged) expect(benched).toContain(token)
      for (const { reason } of benches) expect(reason).toBe('quota_exhausted')
    }
    expect(acknowledged.size).toBeGreaterThan(0)
  }, 60_000)

  it('what no row knew is recorded, shown, and printed as a fixture', async () => {
    const odd = { kind: 'error' as const, status: 418, body: { error: { message: 'The teapot is empty (tok-a)' } } }
    const upstream = await simulator({ name: 'x', description: '', credentials: { 'tok-a': { steps: [odd] } } })
    const home = await homeOfCodex(['tok-a'])
    const gateway = await served(home, { 'openai-codex': baseUrlOf('openai-codex', upstream.url) })
    expect(await ask(gateway.url, 'responses', false)).toMatchObject({ ending: 'error' })
    gateway.process.kill('SIGTERM')
    expect(await gateway.ended()).toBe(0)
    const cli = commandLine({ SPAREKEY_HOME: home })
    const shown = await cli.run(['classify', '--recorded'])
    expect(shown.out).toContain('The teapot is empty')
    expect(shown.out).toContain('openai-codex')
    const fixture = (await cli.run(['classify', '--recorded', '1'])).json()
    expect(fixture).toMatchObject({ evidence: { channel: 'http', provider: 'openai-codex', status: 418 } })
    expect((await cli.run(['classify', '--recorded', '9'])).exit).toBe(2)
  })

  it('I12 no planted secret in any log, answer, header, error or file', async () => {
    const secrets = ['planted-secret-alpha-1111', 'planted-secret-bravo-2222', 'planted-secret-charly-3333']
    const [first = '', second = '', third = ''] = secrets
    const echo = (secret: string) => ({
      kind: 'error' as const,
      status: 401,
      body: { error: { code: 'invalid_api_key', message: `Incorrect API key provided: ${secret}. Bearer ${secret}` } },
      headers: { 'x-echo': secret },
    })
    const upstream = await simulator({
      name: 'x',
      description: '',
      credentials: {
        [first]: { steps: [echo(first)] },
        [second]: { steps: [{ kind: 'failed', error: { ...QUOTA, message: `limit of ${second}` } }] },
        [third]: { steps: [echo(third)] },
      },
    })
    const home = await homeOfCodex([])
    await atHome(home, async (store) => {
      for (const [index, token] of secrets.entries()) {
        await store.addCredential(
          {
            id: `cred_${index}`,
            provider: 'openai-codex',
            label: `account-${index}`,
            type: 'oauth',
            source: { kind: 'stored' },
            fingerprint: `f${index}`,
            accountId: `acct-${index}`,
            secret: { token, accountId: `acct-${index}` },
          },
          systemPlatform.clock.now(),
        )
      }
    })
    const gateway = await served(home, { 'openai-codex': baseUrlOf('openai-codex', upstream.url) })
    const readings = [
      await ask(gateway.url, 'responses', false),
      await ask(gateway.url, 'responses', true),
      await ask(gateway.url, 'responses', false, { headers: { authorization: 'Bearer planted-client-key-4444' } }),
    ]
    expect(upstream.requests.length).toBeGreaterThanOrEqual(3)
    expect(JSON.stringify(upstream.requests)).not.toContain('planted-client-key')
    gateway.process.kill('SIGTERM')
    await gateway.ended()
    const files = readdirSync(home).map((file) => readFileSync(join(home, file), 'latin1'))
    const everything = [
      gateway.said(),
      ...readings.map(({ text, headers }) => text + JSON.stringify([...headers])),
      ...files,
    ].join('\n')
    expect(gateway.said()).toContain('"event":"call"')
    for (const secret of [...secrets, 'planted-client-key-4444']) expect(everything).not.toContain(secret)
  })
})
