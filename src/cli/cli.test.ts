import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemPlatform } from '../platform/platform.ts'
import { openStore } from '../stores/open-store.ts'
import { commandLine } from '../../test/support/cli.ts'
import { COMMANDS } from './commands.ts'
import { spellDuration } from './spell.ts'
import { layOut, wrap } from './table.ts'

const KEY = 'planted-key-abcdef-123456'

function jwt(claims: Record<string, unknown>): string {
  return `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`
}

/** Every byte that the commands left on the disk. */
function onDisk(home: string): string {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
}

describe('credentials', () => {
  it('are added, listed, ordered, reset and removed', async () => {
    const { run } = commandLine()
    expect(await run(['auth', 'add', 'openai', '--api-key-stdin', '--label', 'work'], `${KEY}\n`)).toMatchObject({
      exit: 0,
    })
    expect(await run(['auth', 'add', 'openai', '--api-key-stdin'], 'another-key-000000')).toMatchObject({ exit: 0 })
    expect((await run(['auth', 'list', 'openai', '--json'])).json()).toMatchObject({
      providers: [
        {
          provider: 'openai',
          strategy: 'fill_first',
          credentials: [
            { position: 1, label: 'work', type: 'api-key', source: 'stored', status: 'ready', next: true },
            { position: 2, label: 'openai', next: false },
          ],
        },
      ],
    })
    const listed = await run(['auth', 'list'])
    expect(listed.out).toMatch(
      /^openai {2}fill_first\n {2}1 {2}● {2}work .* ready {2}<-\n {2}2 {2}● {2}openai .* ready$/,
    )
    expect(await run(['auth', 'priority', 'openai', 'openai', '-1'])).toMatchObject({ exit: 0 })
    expect((await run(['auth', 'list', '--json'])).json()).toMatchObject({
      providers: [{ credentials: [{ label: 'openai', next: true }, { label: 'work' }] }],
    })
    expect(await run(['auth', 'reset', 'openai'])).toMatchObject({ exit: 0, out: 'openai: reset 2 credentials' })
    expect(await run(['auth', 'remove', 'openai', '#1'])).toMatchObject({ exit: 0, out: 'openai: removed "openai"' })
    expect(await run(['auth', 'remove', 'openai', 'work'])).toMatchObject({ exit: 0 })
    expect(await run(['auth', 'list'])).toMatchObject({ exit: 3 })
  })

  it('never show or store their secret in clear', async () => {
    const { run, home } = commandLine({ OPENAI_API_KEY: 'planted-from-environment-1' })
    const outputs = [
      await run(['auth', 'add', 'openai', '--api-key', KEY, '--label', 'one']),
      await run(['auth', 'add', 'openai', '--api-key', KEY, '--label', 'two']),
      await run(['auth', 'add', 'openai', '--api-key-env', 'OPENAI_API_KEY']),
      await run(['auth', 'add', 'openai', '--api-key-env', KEY]),
      await run(['auth', 'list']),
      await run(['auth', 'list', '--json']),
      await run(['status', '--json']),
    ]
    const said = outputs.map(({ out, err }) => out + err).join('\n')
    for (const secret of [KEY, 'planted-from-environment-1']) {
      expect(said).not.toContain(secret)
      expect(onDisk(home)).not.toContain(secret)
    }
    expect(outputs.map(({ exit }) => exit)).toEqual([0, 1, 0, 2, 0, 0, 0])
    expect(outputs[1]?.err).toContain('is in the pool already')
    for (const file of ['key', 'state.db']) expect(statSync(join(home, file)).mode & 0o777).toBe(0o600)
  })

  it('of Codex need an account, which the token mostly carries', async () => {
    const { run } = commandLine()
    expect(await run(['auth', 'add', 'openai-codex', '--api-key-stdin'], 'opaque-token-12345')).toMatchObject({
      exit: 2,
    })
    expect(
      await run(
        ['auth', 'add', 'openai-codex', '--api-key-stdin', '--account-id', 'acct-1', '--label', 'a'],
        'opaque-token-12345',
      ),
    ).toMatchObject({ exit: 0 })
    const claims = {
      exp: 4_000_000_000,
      'https://api.openai.com/auth': { chatgpt_account_id: 'acct-2' },
      'https://api.openai.com/profile': { email: 'me@example.org' },
    }
    expect((await run(['auth', 'add', 'openai-codex', '--api-key-stdin', '--json'], jwt(claims))).json()).toMatchObject(
      { label: 'me@example.org', type: 'oauth', account_id: 'acct-2' },
    )
    const expired = await run(
      ['auth', 'add', 'openai-codex', '--api-key-stdin'],
      jwt({ ...claims, exp: 1_000_000_000 }),
    )
    expect(expired).toMatchObject({ exit: 1 })
    expect(expired.err).toContain('has expired')
    // Two logins of one account are one credential.
    expect(await run(['auth', 'add', 'openai-codex', '--api-key-stdin'], jwt({ ...claims, extra: 1 }))).toMatchObject({
      exit: 1,
    })
  })

  it.each([
    [['auth', 'add', 'opneai', '--api-key', KEY], '', 2, 'did you mean "openai"?'],
    [['auth', 'add', 'openai'], '', 2, '--api-key-stdin'],
    [['auth', 'add', 'openai', '--api-key-stdin'], '  \n', 2, 'the key is empty'],
    [['auth', 'add', 'openai', '--api-key-stdin'], 'two words', 2, 'copy it again'],
    [['auth', 'add', 'openai', '--api-key', KEY, '--api-key-stdin'], KEY, 2, 'give one of'],
    [['auth', 'add', 'openai', '--api-key', KEY, '--priority', 'high'], '', 2, '--priority is a whole number'],
    [['auth', 'add', 'openai', '--api-key', KEY, '--base-url', 'nowhere'], '', 2, '--base-url'],
    [['auth', 'add', 'openai', '--api-key', KEY, '--type', 'magic'], '', 2, '--type is api-key or oauth'],
    [['auth', 'add', 'openai', '--type', 'oauth'], '', 2, 'providers.openai.oauth'],
    [['auth', 'add', 'openai-codex', '--type', 'oauth', '--priority', 'high'], '', 2, '--priority is a whole number'],
    [['auth', 'add', 'openai-codex'], '', 2, '--api-key-stdin'],
    [['simulate', '--oauth'], '', 2, '--oauth needs --serve'],
    [['auth', 'add', 'openai', '--api-key-env', 'NOT_SET_ANYWHERE'], '', 1, 'is not set'],
    [['auth', 'remove', 'openai', 'x'], '', 1, 'has no credential "x"'],
    [['auth', 'reset', 'openai'], '', 3, 'has no credentials'],
    [['auth', 'priority', 'openai', 'x', 'high'], '', 2, 'whole number'],
    [['auth', 'import', 'lastpass'], '', 2, 'codex, hermes, env, litellm'],
    [['auth', 'import', 'codex'], '', 1, 'cannot be read'],
    [['strategy', 'openai', 'fil_first'], '', 2, 'did you mean "fill_first"?'],
    [['fallback', 'add', 'nonsense'], '', 2, 'provider/model'],
    [['fallback', 'remove', 'openai/x'], '', 1, 'not in the fallback chain'],
    [['fallback', 'shuffle'], '', 2, 'list, add, remove, clear'],
    [['simulate', 'all-emtpy'], '', 2, 'did you mean "all-empty"?'],
    [['classify', '/nonexistent'], '', 1, 'cannot be read'],
    [['classify', '-'], '', 2, 'the input is empty'],
    [['classify', '-'], '{"surface":"telepathy"}', 2, 'line 1: surface is'],
    [['simulate', 'constructor'], '', 2, 'there is no scenario "constructor"'],
    [['simulate', '--serve', '--port', '99999'], '', 2, '--port is a number from 0 to 65535'],
    [['serve', '--port', 'many'], '', 2, '--port'],
    [['serve', '--port', '65536'], '', 2, '--port is a number from 0 to 65535'],
    [['sevre'], '', 2, 'serve'],
    [['auth', 'list', '--jsn'], '', 2, '--json'],
    [['status'], '', 3, 'there are no credentials yet'],
  ] as const)('%j ends with a clear error', async (words, input, exit, told) => {
    const result = await commandLine().run(words, input)
    expect(result.exit).toBe(exit)
    expect(result.err).toContain(told)
    expect(result.out).toBe('')
  })

  it('are imported from the Codex CLI and from the environment, which are never written', async () => {
    const { run, home } = commandLine({ OPENAI_API_KEY: 'environment-key-1', OPENROUTER_API_KEY: 'environment-key-2' })
    const claims = { 'https://api.openai.com/auth': { chatgpt_account_id: 'acct-7' } }
    const file = join(home, '.codex', 'auth.json')
    mkdirSync(join(home, '.codex'))
    const text = JSON.stringify({
      tokens: { access_token: jwt(claims), refresh_token: 'planted-refresh-token', account_id: 'acct-7' },
      OPENAI_API_KEY: null,
    })
    writeFileSync(file, text)
    expect((await run(['auth', 'import', 'codex', '--dry-run'])).out).toContain('dry run')
    expect((await run(['auth', 'import', 'codex', '--json'])).json()).toMatchObject({
      credentials: [{ provider: 'openai-codex', outcome: 'added' }],
    })
    expect((await run(['auth', 'import', 'codex'])).out).toContain('already there')
    expect((await run(['auth', 'import', 'env'])).out).toContain('2 credentials added')
    expect(readFileSync(file, 'utf8')).toBe(text)
    expect((await run(['auth', 'list', '--json'])).out).toContain('env:OPENROUTER_API_KEY')
  })

  it('show why and how long they are benched', async () => {
    const { run, home } = commandLine()
    await run(['auth', 'add', 'openai', '--api-key', KEY, '--label', 'work'])
    const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
    const [credential] = (await store.snapshot()).credentials
    const nowMs = systemPlatform.clock.now()
    await store.changeBench(credential?.id ?? '', '*', (of) => ({
      credentialId: of.id,
      scope: '*',
      reason: 'quota_exhausted',
      sinceMs: nowMs,
      untilMs: nowMs + 3 * 3_600_000,
      trialAtMs: nowMs + 900_000,
      dead: false,
      tokenGeneration: 1,
      strikes: 1,
      failedTrials: 0,
      evidence: { rule: 'openai/x', message: 'used up', timeSource: 'stated', seenAtMs: nowMs },
    }))
    await store.close()
    expect((await run(['auth', 'list'])).out).toMatch(/○ {2}work .* quota_exhausted, (?:3 h|2 h 59 min) left/)
    const status = await run(['status'])
    expect(status.exit).toBe(3)
    expect(status.out).toContain('0 of 1 credential ready, first back in')
    await run(['auth', 'reset', 'openai', 'work'])
    expect(await run(['status'])).toMatchObject({ exit: 0 })
  })
})

describe('configuration from the command line', () => {
  it('is written with its comments kept', async () => {
    const { run, home } = commandLine()
    const path = join(home, 'config.yaml')
    writeFileSync(path, '# mine\nlisten: 127.0.0.1:8787\n')
    expect((await run(['strategy', 'openai', 'round_robin'])).out).toContain('round_robin')
    expect((await run(['strategy', 'openai', '--json'])).json()).toEqual({
      provider: 'openai',
      strategy: 'round_robin',
    })
    expect((await run(['fallback', 'add', 'openrouter/a/b'])).out).toBe('  1  openrouter/a/b')
    expect((await run(['fallback', '--json'])).json()).toEqual({ fallback: ['openrouter/a/b'] })
    expect((await run(['fallback', 'remove', 'openrouter/a/b'])).out).toContain('no fallback')
    await run(['fallback', 'add', 'openai/x'])
    expect((await run(['fallback', 'clear'])).out).toContain('no fallback')
    expect(readFileSync(path, 'utf8')).toContain('# mine')
  })

  it('that has problems is told with place and nearest key, and not changed', async () => {
    const { run, home } = commandLine()
    const path = join(home, 'config.yaml')
    writeFileSync(path, 'listn: 1\n')
    for (const words of [
      ['strategy', 'openai', 'random'],
      ['auth', 'list'],
      ['serve', '--port', '0'],
    ]) {
      const result = await run(words)
      expect(result.exit).toBe(1)
      expect(result.err).toContain('config.yaml:1:1  listn: unknown key; did you mean "listen"?')
    }
    expect(readFileSync(path, 'utf8')).toBe('listn: 1\n')
  })

  it('that cannot be written is told and not changed', async () => {
    const { run, home } = commandLine()
    const path = join(home, 'config.yaml')
    writeFileSync(path, 'fallback: [openai/a]\n', { mode: 0o444 })
    for (const words of [
      ['strategy', 'openai', 'random'],
      ['fallback', 'add', 'openai/b'],
      ['fallback', 'clear'],
    ]) {
      expect(await run(words)).toMatchObject({ exit: 1, err: expect.stringContaining('it is read-only') as string })
    }
    expect(readFileSync(path, 'utf8')).toBe('fallback: [openai/a]\n')
  })

  it('a damaged store is told and left as it is', async () => {
    const { run, home } = commandLine()
    await run(['auth', 'add', 'openai', '--api-key', KEY])
    writeFileSync(join(home, 'state.db'), 'this is no database'.repeat(100))
    const result = await run(['auth', 'list'])
    expect(result.exit).toBe(1)
    expect(result.err).toContain('restore it from a backup')
    expect(readFileSync(join(home, 'state.db'), 'utf8')).toContain('this is no database')
  })

  it('a wrong key is an error at start', async () => {
    const { run, home } = commandLine()
    await run(['auth', 'add', 'openai', '--api-key', KEY])
    writeFileSync(join(home, 'key'), `${'ab'.repeat(32)}\n`)
    const result = await run(['auth', 'list'])
    expect(result.exit).toBe(1)
    expect(result.err).toContain('restore the file "key"')
  })
})

describe('classify', () => {
  const line = {
    provider: 'openai-codex',
    api: 'responses',
    surface: 'http',
    status: 429,
    headers: {},
    body: '{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_in_seconds":60}}',
  }

  it('tells people what, who, why and what next', async () => {
    const { run } = commandLine()
    const { out, exit } = await run(['classify', '-'], JSON.stringify(line))
    expect(exit).toBe(0)
    expect(out).toContain('quota_exhausted')
    expect(out).toContain('openai-codex/429-usage-limit (exact)')
    expect(out).toContain('rotate, fallback, surface')
  })

  it('answers JSON Lines line by line, with stable keys', async () => {
    const lines = [
      line,
      {
        ...line,
        surface: 'sse',
        status: 200,
        event: 'response.failed',
        body: JSON.stringify({
          type: 'response.failed',
          response: { status: 'failed', error: { code: 'server_is_overloaded' } },
        }),
      },
      { provider: 'x', surface: 'exception', error: { name: 'Error', code: 'ECONNRESET', message: 'read' } },
      { provider: 'x', api: 'chat', surface: 'body', status: 200, body: '<html></html>' },
    ]
    const { out } = await commandLine().run(['classify', '-'], lines.map((each) => JSON.stringify(each)).join('\n'))
    const verdicts = out.split('\n').map((text) => JSON.parse(text) as Record<string, unknown>)
    expect(verdicts.map(({ label }) => label)).toEqual([
      'quota_exhausted',
      'overloaded',
      'connection',
      'invalid_response',
    ])
    expect(verdicts[0]).toEqual({
      label: 'quota_exhausted',
      blame: 'credential',
      retryAfterMs: 60_000,
      resetAt: null,
      modelScoped: false,
      action: 'rotate',
      rule: 'openai-codex/429-usage-limit',
    })
  })

  it("tries the user's own rows first", async () => {
    const { run, home } = commandLine()
    const path = join(home, 'failures.jsonl')
    const odd = {
      provider: 'my-relay',
      api: 'chat',
      surface: 'http',
      status: 418,
      body: '{"error":{"code":"TEAPOT_EMPTY"}}',
    }
    writeFileSync(path, JSON.stringify(odd))
    expect((await run(['classify', path, '--json'])).json()).toMatchObject({ label: 'unknown' })
    writeFileSync(
      join(home, 'config.yaml'),
      'providers:\n  my-relay:\n    baseUrl: http://127.0.0.1:1\n    type: openai-compatible\n    rules:\n      - { code: Teapot_Empty, is: quota_exhausted, name: teapot }\n',
    )
    expect((await run(['classify', path, '--json'])).json()).toMatchObject({
      label: 'quota_exhausted',
      rule: 'config/my-relay/teapot',
    })
  })

  it('scores a corpus and shows every miss', async () => {
    const { run, home } = commandLine()
    const path = join(home, 'corpus.jsonl')
    const rows = [
      {
        id: 'a',
        ...line,
        label: { reason: 'quota_exhausted', retry_after_s: 60, reset_at: null, model_scoped: false },
      },
      { id: 'b', ...line, label: { reason: 'billing', retry_after_s: null, reset_at: null, model_scoped: false } },
      { id: 'c', ...line, label: { reason: 'rate_limit' }, also_ok: ['quota_exhausted'] },
      { id: 'd', ...line, label: { reason: 'entitlement' }, debatable: 'same blame' },
    ]
    writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'))
    expect((await run(['classify', '--corpus', path, '--json'])).json()).toMatchObject({
      lines: 4,
      strict: 1 / 4,
      lenient: 3 / 4,
      times: { right: 1, of: 1 },
      confusion: [
        { expected: 'billing', got: 'quota_exhausted', count: 1 },
        { expected: 'rate_limit', got: 'quota_exhausted', count: 1 },
        { expected: 'entitlement', got: 'quota_exhausted', count: 1 },
      ],
      misses: [{ id: 'b' }, { id: 'c' }, { id: 'd' }],
    })
    expect((await run(['classify', '--corpus', path])).out).toContain('25.0 %')
  })
})

describe('simulate and demo', () => {
  it('list, play and tell', async () => {
    const { run } = commandLine()
    const listed = (await run(['simulate'])).out
    expect(listed).toContain('first-account-empty')
    expect(listed).not.toContain('…')
    expect(Math.max(...listed.split('\n').map((each) => each.length))).toBeLessThanOrEqual(80)
    const played = await run(['simulate', 'first-account-empty', '--calls', '2'])
    expect(played.out).toContain('quota_exhausted')
    expect(played.out.match(/tok-a/g)).toHaveLength(1)
    expect((await run(['simulate', 'policy-refusal', '--calls', '1', '--json'])).json()).toMatchObject({
      calls: [{ outcome: 'failed', label: 'content_policy', attempts: [{}] }],
    })
  })

  it('the demo goes as told, within 80 columns', async () => {
    const { out, exit, err } = await commandLine().run(['demo'])
    expect(err).toBe('')
    expect(exit).toBe(0)
    expect(out).toContain('The answer is 42.')
    expect(Math.max(...out.split('\n').map((each) => each.length))).toBeLessThanOrEqual(80)
  })
})

describe('help', () => {
  it.each(COMMANDS.map((row) => [row.path.join(' '), row] as const))(
    '%s --help says what it does',
    async (_name, row) => {
      const { out, exit } = await commandLine().run([...row.path, '--help'])
      expect(exit).toBe(0)
      expect(out).toContain('Usage: sparekey')
      for (const [flags] of row.options ?? []) expect(out).toContain(flags.split(' ')[0])
    },
  )

  it('has a version, and lists all commands', async () => {
    const { run } = commandLine()
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect(await run(['--version'])).toMatchObject({ exit: 0, out: version })
    const { out } = await run(['--help'])
    for (const { path } of COMMANDS) expect(out).toContain(path[0])
  })
})

describe('words', () => {
  it.each([
    [0, 'now'],
    [400, 'under 1 s'],
    [12_000, '12 s'],
    [61_000, '1 min 1 s'],
    [13_872_000, '3 h 51 min'],
    [7 * 86_400_000, '7 d'],
  ])('%d ms is %s', (ms, text) => {
    expect(spellDuration(ms)).toBe(text)
  })

  it('tables fit their width and hold no control characters', () => {
    const [line = ''] = layOut([['a', 'x'.repeat(200)]], 40)
    expect(line).toHaveLength(40)
    expect(layOut([['\u001b[2Jgone']], 80)).toEqual(['  ?[2Jgone'])
    expect(wrap('aa bb cc', 5)).toBe('aa bb\ncc')
  })
})
