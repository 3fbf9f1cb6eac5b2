import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemPlatform } from '../../src/platform/platform.ts'
import { type Scenario, type Simulator, startSimulator } from '../../src/simulator/index.ts'
import { openCallJournal } from '../../src/stores/open-call-journal.ts'
import { formsOf } from '../../src/telemetry/secret-forms.ts'
import { callRecord } from '../contracts/call-journal.contract.ts'
import { commandLine } from '../support/cli.ts'
import { ask } from '../support/client.ts'
import { program } from '../support/program.ts'
import { served } from '../support/served.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { homeWith } from '../support/sqlite-home.ts'
import { baseUrlOf } from '../support/world.ts'

const QUOTA = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 }
const PATIENT = { timeout: 60_000, interval: 50 }

interface Traced {
  readonly id: string
  readonly outcome: string
  readonly attempts: ReadonlyArray<Readonly<Record<string, unknown>>>
}

async function simulator(credentials: Scenario['credentials']): Promise<Simulator> {
  const started = await startSimulator({ scenario: { name: 'x', description: '', credentials } })
  onTestFinished(() => started.close())
  return started
}

const homeOfCodex = (tokens: readonly string[]) => homeWith('openai-codex', tokens)

const codexAt = (upstream: Simulator) => ({ 'openai-codex': baseUrlOf('openai-codex', upstream.url) })

async function listed(home: string): Promise<readonly Traced[]> {
  const run = await commandLine({ SPAREKEY_HOME: home }).run(['trace', '--json'])
  expect(run.exit).toBe(0)
  return (run.json() as { calls: Traced[] }).calls
}

describe('trace', () => {
  it('another process sees the calls of a gateway as they end, and the whole story of each', async () => {
    const upstream = await simulator({ 'tok-a': { steps: [{ kind: 'failed', error: QUOTA }] }, 'tok-b': {} })
    const home = await homeOfCodex(['tok-a', 'tok-b'])
    const gateway = await served(home, codexAt(upstream))
    const following = program(home, ['trace', '--follow'])
    const asJson = program(home, ['trace', '--follow', '--json', '--limit', '5'])
    await expect.poll(() => following.said(), PATIENT).toContain('outcome')
    const first = await ask(gateway.url, 'responses', true)
    const second = await ask(gateway.url, 'responses', false)
    const id = first.headers.get('x-sparekey-call') ?? ''
    await expect.poll(() => asJson.said().trim().split('\n').length, PATIENT).toBe(2)
    const lines = asJson.said().trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { id, outcome: 'answered', wire: 'responses', stream: true, credential: 'tok-b' },
      { id: second.headers.get('x-sparekey-call'), outcome: 'answered', wire: 'responses', stream: false },
    ])
    await expect.poll(() => following.said(), PATIENT).toMatch(/✓ \d\d:\d\d:\d\d +\w{6} [^\n]* answered/)
    for (const each of [following, asJson]) each.process.kill('SIGINT')
    expect([await following.ended(), await asJson.ended()]).toEqual([0, 0])

    const { run } = commandLine({ SPAREKEY_HOME: home })
    const story = (await run(['trace', id.slice(0, 12)])).out
    expect(story).toContain('served by openai-codex/gpt-5.5 with tok-b')
    expect(story).toContain('✗ quota_exhausted (inside HTTP 200)')
    expect(story).toContain('"The usage limit has been reached"')
    expect(story).toMatch(/benched for 3 h 5\d min/)
    expect(story).toContain('-> the next credential: quota_exhausted: 1 other credential(s) ready')
    expect(story).toMatch(/✓ answered after \d+ ms, first output after \d+ ms/)
    for (const line of story.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect((await run(['trace', id, '--json'])).json()).toMatchObject({
      id,
      attempts: [
        { credential: 'tok-a', outcome: 'failed', label: 'quota_exhausted', status: 200, action: 'rotate' },
        { credential: 'tok-b', outcome: 'answered', action: null },
      ],
    })
    expect((await run(['trace', 'last'])).out).toContain(second.headers.get('x-sparekey-call'))
    const table = (await run(['trace', '--limit', '1'])).out.split('\n')
    expect(table).toHaveLength(2)
    expect(table[1]?.length).toBeLessThanOrEqual(80)
    expect((await run(['trace', '--failed', '--json'])).json()).toEqual({ calls: [] })
  }, 180_000)

  it('kill -9 of the gateway loses at most what was not flushed, and the journal opens again', async () => {
    const upstream = await simulator({ 'tok-a': {} })
    const home = await homeOfCodex(['tok-a'])
    const gateway = await served(home, codexAt(upstream))
    const ids: string[] = []
    const call = async (url: string) => {
      const { headers } = await ask(url, 'responses', true)
      ids.push(headers.get('x-sparekey-call') ?? '')
    }
    for (let count = 0; count < 10; count += 1) await call(gateway.url)
    await expect.poll(async () => (await listed(home)).length, PATIENT).toBe(10)
    const killed = call(gateway.url).catch(() => undefined)
    gateway.process.kill('SIGKILL')
    expect(await gateway.ended()).toBe('SIGKILL')
    await killed
    const kept = (await listed(home)).map(({ id }) => id)
    expect(kept).toEqual(expect.arrayContaining(ids.slice(0, 10)))

    const next = await served(home, codexAt(upstream))
    await call(next.url)
    next.process.kill('SIGTERM')
    expect(await next.ended()).toBe(0)
    const after = (await listed(home)).map(({ id }) => id)
    expect(after).toEqual(expect.arrayContaining([...ids.slice(0, 10), ids.at(-1)]))
    expect(next.said()).not.toContain('not recorded')
  }, 180_000)

  it('the file holds no secret, no prompt and no answer', async () => {
    const token = 'tok-planted/secret+of the account'.replaceAll(' ', '-')
    const echo = `Incorrect API key provided: ${token}. You can find your key in your account.`
    const upstream = await simulator({
      [token]: {
        steps: [
          { kind: 'answer' },
          { kind: 'error', status: 401, body: { error: { code: 'invalid_api_key', message: echo } } },
        ],
      },
    })
    const home = await homeOfCodex([token])
    // `addCredential` takes the token for a label too: labels are free text, and people paste keys into them.
    const gateway = await served(home, codexAt(upstream))
    const body = { model: 'gpt-5.5', input: 'the planted prompt' }
    const answer = await ask(gateway.url, 'responses', false, { body })
    expect(answer.said).not.toBe('')
    await ask(gateway.url, 'responses', false, { body })
    await ask(gateway.url, 'responses', false, { body: { ...body, model: `openai-codex/${token}` } })
    await expect.poll(async () => (await listed(home)).length, PATIENT).toBe(3)
    expect((await listed(home)).map(({ outcome }) => outcome).sort()).toEqual(['answered', 'failed', 'failed'])
    const files = readdirSync(home).filter((file) => file.startsWith('calls.db'))
    const bytes = Buffer.concat(files.map((file) => readFileSync(join(home, file)))).toString('latin1')
    expect(bytes).toContain('"outcome":"failed"')
    const leaked = [...formsOf(token), answer.said, 'planted prompt'].filter((form) => bytes.includes(form))
    expect(leaked).toEqual([])
    const last = await commandLine({ SPAREKEY_HOME: home }).run(['trace', 'last'])
    // Nobody was asked: then at least why not.
    expect(last.out).toMatch(/✗ auth_\w+ after .*\n {4}"/)
    expect(last.out).toContain('no credential was asked')
  }, 180_000)

  it('a damaged journal stops no call, and is left as it is', async () => {
    const upstream = await simulator({ 'tok-a': {} })
    const home = await homeOfCodex(['tok-a'])
    writeFileSync(join(home, 'calls.db'), 'not a database'.repeat(300))
    const gateway = await served(home, codexAt(upstream))
    expect(await ask(gateway.url, 'responses', false)).toMatchObject({ ending: 'complete' })
    expect(gateway.said()).toContain('calls are not recorded')
    expect(readFileSync(join(home, 'calls.db'), 'utf8')).toBe('not a database'.repeat(300))
    const run = await commandLine({ SPAREKEY_HOME: home }).run(['trace'])
    expect(run).toMatchObject({ exit: 1, err: expect.stringContaining('Move it away') })
  }, 180_000)
})

describe('trace, what is asked for', () => {
  async function homeWithCalls(): Promise<string> {
    const home = temporaryHome()
    const journal = await openCallJournal({ homeDirectory: home }, systemPlatform)
    const nowMs = systemPlatform.clock.now()
    const at = (name: string, ms: number, more = {}) => callRecord(name, { startedAtMs: nowMs + ms, ...more })
    journal.write(
      [
        at('abc1', 0),
        at('abd2', 1, { outcome: 'failed', label: 'context_overflow', model: 'a-model-with-a-long-name' }),
        at('abd', 2, { outcome: 'running', endedAtMs: undefined }),
        at('z', 3, { outcome: 'cancelled', attempts: [], route: undefined, fallbackReason: 'billing' }),
      ],
      nowMs,
    )
    journal.close()
    return home
  }

  it.each([
    [['trace', 'nothing'], 1, 'no call is recorded whose id begins with "nothing"'],
    [['trace', 'ab'], 1, 'several calls begin with "ab": abd, abd2, abc1'],
    [['trace', '--limit', '0'], 2, '--limit is a number from 1'],
    [['trace', '--limit', 'x'], 2, '--limit is a number from 1'],
    [['trace', 'abc', '--follow'], 2, '--follow shows new calls'],
    [['trace', '--folow'], 2, '--follow'],
  ])('%j ends with %d', async (words, exit, said) => {
    const run = await commandLine({ SPAREKEY_HOME: await homeWithCalls() }).run(words)
    expect(run).toMatchObject({ exit, out: '' })
    expect(run.err).toContain(said)
  })

  it.each([80, 120])('the table fits %d columns', async (columns) => {
    const { run } = commandLine({ SPAREKEY_HOME: await homeWithCalls() }, columns)
    const { out, exit } = await run(['trace'])
    expect(exit).toBe(0)
    const lines = out.split('\n')
    expect(lines).toHaveLength(5)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
    expect(out).toMatch(/✗ .* context_overflow/)
    expect(out).toMatch(/… .* running/)
    expect(out).toMatch(/- .* cancelled/)
    expect(out.includes('a-model-with-a-long-name')).toBe(columns === 120)
  })

  it('an exact id wins over a longer one, and a call without an end says what that may mean', async () => {
    const { run } = commandLine({ SPAREKEY_HOME: await homeWithCalls() })
    expect((await run(['trace', 'call_abd'])).out).toContain('still runs, or its process died')
    expect((await run(['trace', 'last', '--failed'])).out).toContain('✗ context_overflow after')
    expect((await run(['trace', 'z'])).out).toContain('no credential was asked')
  })

  it('an empty home is no error, and stays empty', async () => {
    const { home, run } = commandLine()
    expect(await run(['trace'])).toMatchObject({ exit: 0, out: '' })
    expect((await run(['trace', '--json'])).json()).toEqual({ calls: [] })
    expect(await run(['trace', 'last'])).toMatchObject({ exit: 1 })
    expect(readdirSync(home)).toEqual([])
  })
})
