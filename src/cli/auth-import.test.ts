import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../test/support/cli.ts'
import { systemPlatform } from '../platform/platform.ts'
import type { Secret } from '../pool/credential.ts'
import { openStore } from '../stores/open-store.ts'

function jwt(account: string, user: string, more: Record<string, unknown> = {}): string {
  const claims = {
    'https://api.openai.com/auth': { chatgpt_account_id: account, chatgpt_user_id: user },
    'https://api.openai.com/profile': { email: `${user}@example.org` },
    ...more,
  }
  return `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`
}

function put(home: string, name: string, content: unknown): string {
  const path = join(home, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** Everything about a file that a careless reader could change. */
function facts(path: string) {
  const { mtimeMs, mode, size, ino, uid } = statSync(path)
  return { mtimeMs, mode, size, ino, uid, bytes: readFileSync(path, 'latin1') }
}

async function secretsIn(home: string): Promise<Record<string, Secret | undefined>> {
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  const { credentials } = await store.snapshot()
  const entries: Array<[string, Secret | undefined]> = []
  for (const { id, label } of credentials) entries.push([label, await store.readSecret(id)])
  await store.close()
  return Object.fromEntries(entries.sort(([one], [other]) => one.localeCompare(other)))
}

const CODEX = (user: string, extra: Record<string, unknown> = {}) => ({
  auth_mode: 'chatgpt',
  OPENAI_API_KEY: null,
  tokens: { access_token: jwt('acct-team', user, extra), refresh_token: `rt-${user}`, account_id: 'acct-team' },
})

describe('import codex', () => {
  it.each([0o600, 0o400, 0o444])('reads and never writes (mode %o)', async (mode) => {
    const { run, home } = commandLine()
    const path = put(home, '.codex/auth.json', CODEX('ada'))
    chmodSync(path, mode)
    // Whoever is root can also see that the owner stays who it is.
    if (process.getuid?.() === 0) chownSync(path, 65_534, 65_534)
    const folderBefore = statSync(dirname(path)).mtimeMs
    const before = facts(path)
    for (const words of [['--dry-run'], [], ['--take-refresh-token'], ['--json']])
      expect(await run(['auth', 'import', 'codex', ...words])).toMatchObject({ exit: 0 })
    await run(['auth', 'remove', 'openai-codex', 'ada@example.org'])
    expect(facts(path)).toEqual(before)
    // No lock file, no backup beside it either.
    expect(statSync(dirname(path)).mtimeMs).toBe(folderBefore)
  })

  it('leaves the single-use refresh token where it is, and says why (12360, 103978)', async () => {
    const { run, home } = commandLine()
    put(home, '.codex/auth.json', CODEX('ada'))
    const imported = await run(['auth', 'import', 'codex'])
    expect(imported.err.replace(/\n/g, ' ')).toContain('whoever uses one logs the other program out')
    expect((await secretsIn(home))['ada@example.org']).not.toHaveProperty('refreshToken')
    const taken = await run(['auth', 'import', 'codex', '--take-refresh-token'])
    expect(taken.out).toContain('updated')
    expect(taken.err.replace(/\n/g, ' ')).toContain('logs the other program out')
    expect((await secretsIn(home))['ada@example.org']).toMatchObject({ refreshToken: 'rt-ada' })
    expect((await run(['auth', 'import', 'codex'])).out).toContain('already there')
  })

  it('two people of one workspace stay two, the same one stays one (39236, 115626)', async () => {
    const { run, home } = commandLine()
    const one = put(home, 'a/auth.json', CODEX('ada'))
    const two = put(home, 'b/auth.json', CODEX('bob'))
    for (const path of [one, two, one, two]) await run(['auth', 'import', 'codex', path])
    expect(Object.keys(await secretsIn(home))).toEqual(['ada@example.org', 'bob@example.org'])
  })

  it('takes a newer token of the same login, never an older one', async () => {
    const { run, home } = commandLine()
    const put2 = (expires: number) => put(home, '.codex/auth.json', CODEX('ada', { exp: expires }))
    put2(4_000_000_000)
    await run(['auth', 'import', 'codex'])
    put2(4_000_003_600)
    expect((await run(['auth', 'import', 'codex', '--dry-run'])).out).toContain('would be updated')
    expect((await run(['auth', 'import', 'codex'])).out).toContain('0 credentials added, 1 updated')
    put2(3_999_999_999)
    expect((await run(['auth', 'import', 'codex'])).out).toContain('already there')
    expect((await secretsIn(home))['ada@example.org']?.expiresAtMs).toBe(4_000_003_600_000)
  })

  it('a login without tokens is no login (58096)', async () => {
    const { run, home } = commandLine()
    put(home, '.codex/auth.json', { tokens: { access_token: '', refresh_token: 'rt' } })
    const imported = await run(['auth', 'import', 'codex'])
    expect(imported).toMatchObject({ exit: 3 })
    expect(imported.err).toContain('has no access token')
    expect(await run(['auth', 'list'])).toMatchObject({ exit: 3 })
  })

  it('one label for two accounts is no reason to lose one', async () => {
    const { run, home } = commandLine()
    const opaque = (account: string) => ({ tokens: { access_token: `opaque-${account}`, account_id: account } })
    await run(['auth', 'import', 'codex', put(home, 'a.json', opaque('a'))])
    expect((await run(['auth', 'import', 'codex', put(home, 'b.json', opaque('b'))])).out).toContain(
      '1 credential added',
    )
    expect(Object.keys(await secretsIn(home))).toEqual(['codex', 'codex-2'])
  })
})

describe('damaged files end with a clear error, and nothing is changed (15718, 71655)', () => {
  const planted = 'planted-secret-9'
  const cases: ReadonlyArray<readonly [string, (home: string) => string, string]> = [
    ['damaged JSON', (home) => put(home, 'x', `{"tokens": {"access_token": "${planted}",, }`), 'not valid JSON'],
    ['an empty file', (home) => put(home, 'x', ''), 'is empty'],
    ['a list', (home) => put(home, 'x', '[1]'), 'no JSON object'],
    ['a folder', (home) => home, 'is a folder'],
    ['a missing file', (home) => join(home, 'none'), 'no such file'],
    ['a circle of links', (home) => circle(join(home, 'one'), join(home, 'two')), 'in a circle'],
    ['a link to nothing', (home) => link(join(home, 'nowhere'), join(home, 'x')), 'no such file'],
    ['a huge file', (home) => huge(put(home, 'x', '{')), 'larger than 4 MB'],
    ['a pipe', (home) => pipe(join(home, 'pipe')), 'no regular file'],
  ]
  it.each(cases)('%s', async (_what, make, told) => {
    for (const source of ['codex', 'hermes']) {
      const { run, home } = commandLine()
      const result = await run(['auth', 'import', source, make(home)])
      expect(result).toMatchObject({ exit: 1, out: '' })
      expect(result.err).toContain(told)
      expect(result.err).not.toContain(planted)
      expect(await run(['auth', 'list'])).toMatchObject({ exit: 3 })
    }
  })

  it('a link to a good file is read through', async () => {
    const { run, home } = commandLine()
    const path = link(put(home, 'real.json', CODEX('ada')), join(home, 'link.json'))
    expect(await run(['auth', 'import', 'codex', path])).toMatchObject({ exit: 0 })
  })
})

function link(target: string, path: string): string {
  symlinkSync(target, path)
  return path
}

function circle(one: string, two: string): string {
  symlinkSync(one, two)
  return link(two, one)
}

function huge(path: string): string {
  truncateSync(path, 5 * 1024 * 1024)
  return path
}

function pipe(path: string): string {
  execFileSync('mkfifo', [path])
  return path
}

describe('import hermes', () => {
  it('reads the pool: keys, references, logins; and says what it leaves', async () => {
    const { run, home } = commandLine({ ANTHROPIC_API_KEY: 'environment-key-3' })
    const login = { access_token: jwt('acct-1', 'ada'), refresh_token: 'rt-ada' }
    const path = put(home, '.hermes/auth.json', {
      version: 1,
      providers: { 'openai-codex': { tokens: login } },
      credential_pool: {
        'openai-codex': [
          { id: 'a', label: 'device_code', auth_type: 'oauth', priority: 0, source: 'device_code', ...login },
          { id: 'b', label: 'second', auth_type: 'oauth', source: 'manual', access_token: jwt('acct-2', 'bob') },
          { id: 'c', label: 'dead', auth_type: 'oauth', access_token: '', refresh_token: 'x' },
        ],
        openrouter: [{ label: 'main', auth_type: 'api_key', source: 'manual', access_token: 'router-key-1' }],
        anthropic: [
          { label: 'env', auth_type: 'api_key', source: 'env:ANTHROPIC_API_KEY', access_token: 'stale-copy' },
          { label: 'claude', auth_type: 'oauth', access_token: 'login-token-1' },
        ],
        nous: [{ label: 'portal', auth_type: 'oauth', access_token: 'nous-token-1' }],
      },
    })
    const before = facts(path)
    const imported = (await run(['auth', 'import', 'hermes', '--json'])).json()
    expect(imported).toMatchObject({
      refresh_tokens: 'left',
      credentials: [
        { provider: 'openai-codex', label: 'ada@example.org', outcome: 'added' },
        { provider: 'openai-codex', label: 'bob@example.org', outcome: 'added' },
        { provider: 'openrouter', label: 'main', outcome: 'added' },
        { provider: 'anthropic', label: 'ANTHROPIC_API_KEY', outcome: 'added' },
      ],
      skipped: [{ what: 'openai-codex #3' }, { what: 'anthropic #2' }, { what: 'nous #1' }],
    })
    expect((await run(['auth', 'list', '--json'])).out).toContain('env:ANTHROPIC_API_KEY')
    expect(facts(path)).toEqual(before)
    expect((await run(['auth', 'import', 'hermes'])).out).toContain('0 credentials added')
  })
})

describe('import litellm', () => {
  it('reads model_list: keys, os.environ, addresses, shared credentials; one key once', async () => {
    const { run, home } = commandLine({ GROQ_KEY: 'environment-key-4', XAI_API_KEY: 'environment-key-5' })
    const path = put(
      home,
      'config.yaml.litellm',
      `model_list:
  - { model_name: a, litellm_params: { model: openai/gpt-5.5, api_key: literal-key-1 } }
  - { model_name: b, litellm_params: { model: gpt-5.5-mini, api_key: literal-key-1 } }
  - { model_name: c, litellm_params: { model: groq/llama, api_key: os.environ/GROQ_KEY } }
  - { model_name: d, litellm_params: { model: xai/grok } }
  - { model_name: e, litellm_params: { model: openai/x, api_key: literal-key-2, api_base: "http://10.0.0.5:8000/v1/" } }
  - { model_name: f, litellm_params: { model: anthropic/claude, litellm_credential_name: shared } }
  - { model_name: g, litellm_params: { model: mistral/m, api_key: os.environ/NOT_SET } }
  - { model_name: h, litellm_params: { model: nobody/m, api_key: literal-key-3 } }
credential_list:
  - { credential_name: shared, credential_values: { api_key: shared-key-1 } }
general_settings: { master_key: planted-master-key }
`,
    )
    const before = facts(path)
    const imported = await run(['auth', 'import', 'litellm', path, '--json'])
    expect(imported.json()).toMatchObject({
      credentials: [
        { provider: 'openai', label: 'openai', outcome: 'added' },
        { provider: 'groq', label: 'GROQ_KEY', outcome: 'added' },
        { provider: 'xai', label: 'XAI_API_KEY', outcome: 'added' },
        { provider: 'openai', label: 'openai-2', outcome: 'added' },
        { provider: 'anthropic', label: 'anthropic', outcome: 'added' },
      ],
      skipped: [
        { what: 'model_list[6] (g)', why: 'the environment variable NOT_SET is not set' },
        { what: 'model_list[7] (h)' },
      ],
    })
    expect(imported.out).not.toMatch(/literal-key|shared-key|planted/)
    expect(facts(path)).toEqual(before)
  })

  it.each([
    ['a: [b', ':1:', 'is not valid YAML'],
    ['just text with planted-secret-8', '', 'no model_list'],
    ['model_list: []', '', 'nothing to import'],
  ])('%j ends with a clear error', async (text, place, told) => {
    const { run, home } = commandLine()
    const result = await run(['auth', 'import', 'litellm', put(home, 'x.yaml', text)])
    expect(result.exit).not.toBe(0)
    expect(result.err).toContain(place)
    expect(result.err).toContain(told)
    expect(result.err).not.toContain('planted')
  })
})
