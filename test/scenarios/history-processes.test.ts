import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CONFIG_DEFAULTS } from '../../src/config/config.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { createSparekey } from '../../src/index.ts'
import { type Scenario, startSimulator, type Step } from '../../src/simulator/index.ts'
import { loadSqlite } from '../../src/stores/sqlite-driver.ts'
import { commandLine } from '../support/cli.ts'
import { served } from '../support/served.ts'
import { atHome, homeWith } from '../support/sqlite-home.ts'
import { temporaryHome } from '../support/temporary-home.ts'

/** Conversations that are kept by real processes on one home. */

const EMPTY: Step = {
  kind: 'error',
  status: 429,
  body: {
    error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'You exceeded your current quota' },
  },
}
const KEEP = 'history: { keep: true }\n'
const WORDS = ['planted-question', 'planted-answer', 'planted-follow-up']

type Fetch = (url: string, init: RequestInit) => Promise<Response>

async function upstream(credentials: Scenario['credentials']) {
  const simulator = await startSimulator({ scenario: { name: 'x', description: '', credentials } })
  onTestFinished(() => simulator.close())
  const use = (next: Scenario['credentials']) => simulator.use({ name: 'x', description: '', credentials: next })
  return { simulator, use, providers: { openai: `${simulator.url}/v1` } }
}

async function say(url: string, input: string, previous?: string, by: Fetch = fetch) {
  const answer = await by(`${url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-5.5',
      input,
      ...(previous === undefined ? {} : { previous_response_id: previous }),
    }),
  })
  const body = (await answer.json()) as { id?: string; error?: { code?: string } }
  return {
    status: answer.status,
    id: body.id ?? '',
    code: body.error?.code,
    credential: answer.headers.get('x-sparekey-credential'),
    replayed: answer.headers.get('x-sparekey-replayed'),
  }
}

const ANSWER: Step = { kind: 'answer', text: 'planted-answer' }

/** Waits, without a clock, for what is written behind an answer: the next call of the same process finds it written. */
const settle = (url: string, id: string) => say(url, 'a look', id)

describe('conversations that processes of one home keep', () => {
  it('are replayed by another process, after a restart and after kill -9, and show no word on disk', {
    timeout: 120_000,
  }, async () => {
    const { simulator, use, providers } = await upstream({ 'tok-a': { steps: [ANSWER] }, 'tok-b': {} })
    const home = await homeWith('openai', ['tok-a', 'tok-b'])
    const one = await served(home, providers, { config: KEEP })
    const other = await served(home, providers, { config: KEEP })
    const first = await say(one.url, 'planted-question')
    const second = await say(one.url, 'planted-follow-up', first.id)
    await settle(one.url, second.id)
    one.process.kill('SIGKILL')
    await one.ended()
    for (const name of readdirSync(home)) {
      const bytes = statSync(join(home, name)).isFile() ? readFileSync(join(home, name)) : Buffer.alloc(0)
      for (const text of [
        ...WORDS,
        ...WORDS.map((each) => Buffer.from(each).toString('base64').slice(0, 18)),
        first.id,
      ])
        expect(bytes.includes(text), `${text} in ${name}`).toBe(false)
    }
    use({ 'tok-a': { steps: [EMPTY] }, 'tok-b': {} })
    const third = await say(other.url, 'and now?', second.id)
    expect(third).toMatchObject({ status: 200, credential: 'tok-b', replayed: '2' })
    const told = JSON.stringify(simulator.requests.at(-1)?.body['input'])
    for (const word of [...WORDS, 'and now?']) expect(told).toContain(word)
    other.process.kill('SIGTERM')
    expect(await other.ended()).toBe(0)
    const later = await served(home, providers, { config: KEEP })
    expect(await say(later.url, 'and now?', second.id)).toMatchObject({
      status: 200,
      credential: 'tok-b',
      replayed: '2',
    })
    later.process.kill('SIGTERM')
    expect(await later.ended()).toBe(0)
    expect(`${one.said()}${other.said()}${later.said()}`).not.toContain('planted')
    const line = commandLine({ SPAREKEY_HOME: home }, 200)
    const trace = await line.run(['trace', 'last', '--json'])
    expect(JSON.parse(trace.out)).toMatchObject({ replayed: 2, decisions: [{ action: 'replay' }] })
    expect(trace.out).not.toContain('planted')
    expect((await line.run(['trace', 'last'])).out).toContain('with the conversation of 2 responses in it')
  })

  it('are kept by none of them unless they are told to, and removed by the next gateway that is not', {
    timeout: 120_000,
  }, async () => {
    const { providers } = await upstream({ 'tok-a': {}, 'tok-b': {} })
    const home = await homeWith('openai', ['tok-a', 'tok-b'])
    const stop = async (gateway: Awaited<ReturnType<typeof served>>) => {
      gateway.process.kill('SIGTERM')
      expect(await gateway.ended()).toBe(0)
    }
    const path = join(home, 'history.db')
    const off = await served(home, providers)
    await say(off.url, 'planted-question')
    await stop(off)
    expect(existsSync(path)).toBe(false)
    const on = await served(home, providers, { config: KEEP })
    await say(on.url, 'planted-question')
    await stop(on)
    expect(await rowsIn(path)).toBe(1)
    await stop(await served(home, providers))
    expect(await rowsIn(path)).toBe(0)
  })

  it('are removed by no command and no program, whether these keep any or not', async () => {
    const home = await homeWith('openai', ['tok-a'])
    const path = join(home, 'history.db')
    const bounds = CONFIG_DEFAULTS.history
    const keeper = await createSparekey({ home, history: { keep: true } })
    onTestFinished(() => keeper.close())
    await atHome(home, async (store) => {
      const kept = await store.openHistory()
      await kept.put({ client: 'local', id: 'resp_1', text: '{"input":[],"output":[]}' }, bounds, Date.now())
      await kept.close()
    })
    const line = commandLine({ SPAREKEY_HOME: home })
    for (const words of [['auth', 'list'], ['status']]) expect((await line.run(words)).exit).toBe(0)
    expect(await rowsIn(path)).toBe(1)
    for (const given of [{}, { history: { keep: false } }]) await (await createSparekey({ home, ...given })).close()
    expect(await rowsIn(path)).toBe(1)
  })

  it('reach the library too: what a gateway was told, a program on the same home can go on from', {
    timeout: 60_000,
  }, async () => {
    const { use, providers } = await upstream({ 'tok-a': { steps: [ANSWER] }, 'tok-b': {} })
    const home = await homeWith('openai', ['tok-a', 'tok-b'])
    const gateway = await served(home, providers, { config: KEEP })
    const first = await say(gateway.url, 'planted-question')
    await settle(gateway.url, first.id)
    use({ 'tok-a': { steps: [EMPTY] }, 'tok-b': {} })
    const sparekey = await createSparekey({ home })
    onTestFinished(() => sparekey.close())
    expect(await say('http://x.invalid', 'and now?', first.id, sparekey.fetch('openai'))).toMatchObject({
      status: 200,
      credential: 'tok-b',
      replayed: '1',
    })
    gateway.process.kill('SIGTERM')
    expect(await gateway.ended()).toBe(0)
  })
})

describe('conversations that a program keeps in memory', () => {
  const credentials = [
    { provider: 'openai', label: 'a', secret: 'tok-a' },
    { provider: 'openai', label: 'b', secret: 'tok-b' },
  ]

  it.each([
    ['are replayed', { keep: true }, { status: 200, credential: 'b', replayed: '1' }],
    ['are none unless it says so', { keepMs: 1_000 }, { status: 400, code: 'previous_response_not_found' }],
  ])('%s', async (_name, history, outcome) => {
    const { simulator } = await upstream({ 'tok-a': { steps: [ANSWER, EMPTY] }, 'tok-b': {} })
    const options = {
      home: temporaryHome(),
      store: 'memory' as const,
      providers: { openai: { baseUrl: `${simulator.url}/v1` } },
      credentials,
      history,
    }
    const client = createFetch(options)
    onTestFinished(() => client.close())
    const first = await say('http://x.invalid', 'planted-question', undefined, client)
    expect(await say('http://x.invalid', 'and now?', first.id, client)).toMatchObject(outcome)
  })

  it('are refused with bounds that cannot be', async () => {
    const given = { store: 'memory' as const, history: { keep: true, maxBytes: 2_000, maxTotalBytes: 1_000 } }
    await expect(createSparekey({ home: temporaryHome(), ...given })).rejects.toThrow(/maxTotalBytes/)
  })
})

async function rowsIn(path: string): Promise<number> {
  const { DatabaseSync } = await loadSqlite()
  const database = new DatabaseSync(path)
  try {
    return Number(database.prepare('SELECT count(*) AS n FROM answers').get()?.n)
  } finally {
    database.close()
  }
}
