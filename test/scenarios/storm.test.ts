import { describe, expect, it, onTestFinished } from 'vitest'
import { systemPlatform } from '../../src/platform/platform.ts'
import { type Scenario, startSimulator } from '../../src/simulator/index.ts'
import { openCallJournal } from '../../src/stores/open-call-journal.ts'
import { ask, requestBody } from '../support/client.ts'
import { countingUpstream } from '../support/counting-upstream.ts'
import { served } from '../support/served.ts'
import { atHome, homeWith } from '../support/sqlite-home.ts'
import { baseUrlOf } from '../support/world.ts'

/** A verdict is visible to every process on the machine this much later, at the latest. */
const VISIBLE_WITHIN_MS = 100
/** What a request may need from its decision to its arrival when a small machine runs four gateways and this test at once. */
const ON_ITS_WAY_MS = 1_500

/** Every attempt with this credential, from the journal of the home: all that were lent it, in any process. */
async function attemptsOf(home: string, credential: string) {
  const journal = await openCallJournal({ homeDirectory: home, reading: true }, systemPlatform)
  try {
    return journal
      .latest({ limit: 1_000 })
      .flatMap((call) => call.attempts.map((attempt) => ({ ...attempt, call: call.id })))
      .filter((attempt) => attempt.credential === credential)
  } finally {
    journal.close()
  }
}

const conversation = (call: number) => ({ headers: { 'x-sparekey-session': `conversation-${call}` } })

describe('a storm of calls', () => {
  it('200 calls from 4 processes meet one empty account: all are answered, one bench, nobody hammers it', async () => {
    const refused = {
      type: 'usage_limit_reached',
      message: 'The usage limit has been reached',
      resets_in_seconds: 9_000,
    }
    const scenario: Scenario = {
      name: 'storm',
      description: '',
      credentials: { 'tok-a': { steps: [{ kind: 'failed', error: refused }] }, 'tok-b': {}, 'tok-c': {} },
    }
    const upstream = await startSimulator({ scenario })
    onTestFinished(() => upstream.close())
    const home = await homeWith('openai-codex', ['tok-a', 'tok-b', 'tok-c'])
    const baseUrls = { 'openai-codex': baseUrlOf('openai-codex', upstream.url) }
    const gateways = await Promise.all([1, 2, 3, 4].map(() => served(home, baseUrls)))
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, call) =>
        ask(gateways[call % 4]?.url ?? '', 'responses', call % 3 === 0, conversation(call)),
      ),
    )
    expect(answers.filter(({ ending }) => ending === 'complete')).toHaveLength(200)

    const { benches } = await atHome(home, (store) => store.snapshot())
    expect(benches.map(({ credentialId, reason, strikes }) => [credentialId, reason, strikes])).toEqual([
      ['cred_openai-codex_tok-a', 'quota_exhausted', 1],
    ])
    const sinceMs = benches[0]?.sinceMs ?? 0
    for (const gateway of gateways) gateway.process.kill('SIGTERM')
    expect(await Promise.all(gateways.map((each) => each.ended()))).toEqual([0, 0, 0, 0])
    const asked = upstream.hits('tok-a')
    const attempts = await attemptsOf(home, 'tok-a')
    expect(attempts.map(({ startedAtMs }) => startedAtMs - sinceMs).filter((ms) => ms > VISIBLE_WITHIN_MS)).toEqual([])
    // At most one failure for each call that was under way when the first verdict landed: no call asked twice.
    expect(attempts).toHaveLength(asked)
    expect(new Set(attempts.map(({ call }) => call)).size).toBe(asked)

    // Afterwards nobody asks it again, a new process included.
    const later = await served(home, baseUrls)
    for (let call = 0; call < 5; call += 1) await ask(later.url, 'responses', false, conversation(1_000 + call))
    expect(upstream.hits('tok-a')).toBe(asked)
  }, 90_000)

  it('with maxConcurrent 2, never more than 2 calls per account are in flight over all processes', async () => {
    const upstream = await countingUpstream(3)
    const home = await homeWith('openai', ['key-a', 'key-b', 'key-c'])
    const settings = { baseUrl: upstream.url, maxConcurrent: 2, strategy: 'least_used' }
    const gateways = await Promise.all([1, 2, 3].map(() => served(home, { openai: settings })))
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, call) =>
        ask(gateways[call % 3]?.url ?? '', 'chat-completions', false, {
          ...conversation(call),
          body: requestBody('chat-completions', false),
        }),
      ),
    )
    expect(answers.filter(({ ending }) => ending === 'complete')).toHaveLength(90)
    for (const key of ['key-a', 'key-b', 'key-c']) expect(upstream.most.get(key) ?? 0).toBeLessThanOrEqual(2)
    expect(Math.max(...upstream.most.values())).toBe(2)
    for (const gateway of gateways) gateway.process.kill('SIGTERM')
    await Promise.all(gateways.map((each) => each.ended()))
  }, 90_000)

  it('what a killed process held is free within five seconds, and the queue goes on', async () => {
    const upstream = await countingUpstream()
    upstream.hanging.add('key-a')
    const home = await homeWith('openai', ['key-a'])
    const settings = { baseUrl: upstream.url, maxConcurrent: 1 }
    const [dying, living] = await Promise.all([served(home, { openai: settings }), served(home, { openai: settings })])
    const arrived = upstream.arrived('key-a')
    const lost = ask(dying.url, 'chat-completions', false).catch(() => 'lost')
    await arrived
    upstream.hanging.clear()
    const waiting = ask(living.url, 'chat-completions', false)
    const killedAtMs = systemPlatform.clock.now()
    dying.process.kill('SIGKILL')
    expect(await lost).toBe('lost')
    expect(await waiting).toMatchObject({ ending: 'complete' })
    const [, second = 0] = upstream.arrivals.get('key-a') ?? []
    expect(second - killedAtMs).toBeLessThan(5_000 + ON_ITS_WAY_MS)
    await atHome(home, async (store) => {
      expect((await store.snapshot()).benches).toEqual([])
      expect(await store.places.takenByOthers('nobody', systemPlatform.clock.now())).toEqual(new Map())
    })
    living.process.kill('SIGTERM')
    await living.ended()
  }, 60_000)
})
