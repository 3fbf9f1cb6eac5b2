import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixedEnvironment } from '../platform/environment.ts'
import { systemPlatform } from '../platform/platform.ts'
import { PROVIDERS } from '../providers/_registry.ts'
import { DEFAULT_LIMITS } from '../relay/call.ts'
import { CONFIG_DEFAULTS, describeProblem } from './config.ts'
import { addFallback, clearFallback, editConfig, removeFallback, setStrategy } from './edit.ts'
import { homeOf } from './home.ts'
import { loadConfig } from './load.ts'
import { parseConfig } from './parse.ts'
import { danglingNames, listModels, resolveChain } from './resolve.ts'

const EMPTY = fixedEnvironment({})

function write(text: string | Uint8Array): string {
  const path = join(mkdtempSync(join(tmpdir(), 'config-')), 'config.yaml')
  writeFileSync(path, text)
  return path
}

async function load(text: string, variables: Record<string, string> = {}, flags = {}) {
  const loaded = await loadConfig(write(text), fixedEnvironment(variables), flags)
  if ('problems' in loaded) throw new Error(loaded.problems.map(describeProblem).join('\n'))
  return loaded.config
}

function problems(text: string): readonly string[] {
  const parsed = parseConfig(text, 'config.yaml')
  return 'problems' in parsed ? parsed.problems.map(describeProblem) : []
}

const FULL = `listen: 127.0.0.1:9999
store: sqlite
providers:
  openai-codex: { strategy: round_robin }
  anthropic:    { strategy: fill_first }
  lab-vllm:     { type: openai-compatible, wire: chat-completions, baseUrl: http://10.0.0.5:8000/v1, models: [qwen3-coder] }
models:
  gpt-5.5:
    - openai-codex/gpt-5.5
    - openrouter/openai/gpt-5.5
    - anthropic/claude-sonnet-5
  "*": [openai-codex/*]
fallback:
  - openrouter/anthropic/claude-sonnet-5
policy:
  content_policy: { tries: [fallback, surface] }
limits: { deadlineMs: 60000, idleMs: 5000 }
clients: []
`

describe('what a configuration says', () => {
  it('is the example of the interface page', async () => {
    const config = await load(FULL)
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 9999 })
    expect(config.providers['openai-codex']?.strategy).toBe('round_robin')
    expect(config.providers['lab-vllm']).toMatchObject({
      type: 'openai-compatible',
      wires: ['chat-completions'],
      models: ['qwen3-coder'],
    })
    expect(config.policy.content_policy.tries).toEqual(['fallback', 'surface'])
    expect(config.policy.rate_limit.retries.times).toBe(3)
    expect(config.limits).toEqual({ ...DEFAULT_LIMITS, deadlineMs: 60_000, idleMs: 5_000 })
    expect(danglingNames(config, PROVIDERS)).toEqual([])
  })

  it.each(['', '\n\n# only a comment\n', '\uFEFF', '\uFEFFlisten: 127.0.0.1:8787\n', 'providers:\n  openai-codex:\n'])(
    'takes %j and fills in defaults',
    async (text) => {
      const config = await load(text)
      expect(config.listen).toEqual({ host: '127.0.0.1', port: 8787 })
      expect(config.limits).toEqual(CONFIG_DEFAULTS.limits)
      expect(CONFIG_DEFAULTS.limits).toEqual(DEFAULT_LIMITS)
    },
  )

  it('needs no file', async () => {
    expect(await loadConfig('/nonexistent/config.yaml', EMPTY)).toHaveProperty('config')
  })

  it('flags beat the environment, which beats the file; the source is remembered', async () => {
    const variables = { SPAREKEY_LISTEN: '127.0.0.1:2', SPAREKEY_LIMITS_IDLE_MS: '77', SPAREKEY_HOME: '/x' }
    const config = await load('listen: 127.0.0.1:1\nlimits: { idleMs: 5, holdMs: 6 }\n', variables)
    expect(config.listen.port).toBe(2)
    expect(config.limits).toMatchObject({ idleMs: 77, holdMs: 6 })
    expect(config.sources).toMatchObject({
      listen: 'SPAREKEY_LISTEN',
      'limits.idleMs': 'SPAREKEY_LIMITS_IDLE_MS',
      'limits.holdMs': 'config.yaml',
    })
    expect((await load('listen: 127.0.0.1:1\n', variables, { listen: '127.0.0.1:3' })).listen.port).toBe(3)
  })

  it('keeps only the hash of a client key', async () => {
    const config = await load('clients:\n  - planted-secret-key\n  - { name: ci, key: other-planted-key }\n')
    expect(JSON.stringify(config)).not.toContain('planted')
    expect(config.clients.map(({ name }) => name)).toEqual(['client-1', 'ci'])
  })

  it('lives in SPAREKEY_HOME or in the home directory', () => {
    expect(homeOf(fixedEnvironment({ SPAREKEY_HOME: '/a' })).config).toBe(join('/a', 'config.yaml'))
    expect(homeOf(fixedEnvironment({}, '/home/u')).directory).toBe(join('/home/u', '.sparekey'))
  })
})

describe('what is wrong is told with its place', () => {
  it.each([
    [
      'providers:\n  openai-codex:\n    stratgy: fill_first\n',
      'config.yaml:3:5  providers.openai-codex.stratgy: unknown key; did you mean "strategy"?',
    ],
    ['listn: 1\n', 'config.yaml:1:1  listn: unknown key; did you mean "listen"?'],
    [
      'providers:\n  openai: { strategy: fil_first }\n',
      'config.yaml:2:13  providers.openai.strategy: must be one of fill_first, round_robin, random, least_used; did you mean "fill_first"?',
    ],
    ['limits:\n  idleMs: soon\n', 'config.yaml:2:3  limits.idleMs: must be of type number'],
    ['fallback:\n  - openrouter\n', 'config.yaml:2:5  fallback[0]: a route is provider/model'],
    ['clients:\n  - short\n', 'config.yaml:2:5  clients[0]: a client key has at least 8 characters'],
    ['- a\n- b\n', 'config.yaml:1:1  the file must hold keys and values, such as "listen: 127.0.0.1:8787"'],
  ])('%j', (text, told) => {
    expect(problems(text)).toEqual([told])
  })

  it('finds every problem in one go', () => {
    expect(problems('listn: 1\nlimits: { idleMs: x }\nfallback: [a]\n')).toHaveLength(3)
  })

  it.each([
    'a: [',
    'a: b: c',
    '\tx: 1',
    'listen: 1\nlisten: 2\n',
    '"',
    '{',
    `a: ${'['.repeat(5000)}`,
    'x'.repeat(2_000_000),
  ])('survives text that is no configuration (%#)', (text) => {
    const told = problems(text)
    expect(told.length).toBeGreaterThan(0)
    expect(told.join('').length).toBeLessThan(5000)
  })

  it('refuses an alias bomb', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'
        .split('')
        .map(
          (name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[index]}`).join(',')}]`,
        ),
    ].join('\n')
    expect(problems(bomb).length).toBeGreaterThan(0)
  })

  it('never shows a secret', () => {
    expect(problems('clients:\n  - { nam: x, key: planted-secret }\n').join('')).not.toContain('planted-secret')
  })

  it('an unreadable file is told, not replaced by defaults', async () => {
    const loaded = await loadConfig(tmpdir(), EMPTY)
    expect('problems' in loaded && loaded.problems.map(describeProblem).join()).toContain('cannot be read (EISDIR)')
  })

  it('environment variables are checked too', async () => {
    const loaded = await loadConfig(
      '/nonexistent',
      fixedEnvironment({ SPAREKEY_LIMITS_IDEL_MS: '5', SPAREKEY_LIMITS_HOLD_MS: 'long', SPAREKEY_LISTEN: 'nowhere' }),
    )
    expect('problems' in loaded && loaded.problems.map(describeProblem)).toEqual([
      'SPAREKEY_LIMITS_IDEL_MS  limits.idelMs: unknown limit; did you mean "idleMs"?',
      'SPAREKEY_LIMITS_HOLD_MS  limits.holdMs: must be a whole number of milliseconds',
      'SPAREKEY_LISTEN  listen: host:port, such as 127.0.0.1:8787',
    ])
  })

  it('names that nobody has', async () => {
    const config = await load(
      'models: { x: [openai-codx/x] }\nproviders: { lab: { baseUrl: "http://127.0.0.1:1" }, own: { type: openai-compatible } }\n',
    )
    expect(danglingNames(config, PROVIDERS).map(({ key, nearest }) => [key, nearest])).toEqual([
      ['providers.lab', undefined],
      ['providers.own.baseUrl', undefined],
      ['models.x[0]', 'openai-codex'],
    ])
  })
})

describe('editing', () => {
  it('keeps comments, order and everything else', async () => {
    const path = write(`# my notes\n${FULL}# the end\n`)
    await editConfig(path, systemPlatform, setStrategy('anthropic', 'least_used'))
    await editConfig(path, systemPlatform, setStrategy('openai', 'random'))
    await editConfig(path, systemPlatform, addFallback('openai/gpt-5.5'))
    await editConfig(path, systemPlatform, addFallback('openai/gpt-5.5'))
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('# my notes')
    expect(text).toContain('# the end')
    const config = await load(text)
    expect(config.providers['anthropic']?.strategy).toBe('least_used')
    expect(config.providers['openai']?.strategy).toBe('random')
    expect(config.fallback).toEqual(['openrouter/anthropic/claude-sonnet-5', 'openai/gpt-5.5'])
    await editConfig(path, systemPlatform, removeFallback('openai/gpt-5.5'))
    expect((await load(readFileSync(path, 'utf8'))).fallback).toHaveLength(1)
    await editConfig(path, systemPlatform, clearFallback())
    expect((await load(readFileSync(path, 'utf8'))).fallback).toEqual([])
  })

  it('begins a file that was not there, for its owner only, with the schema named', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'config-')), 'deep', 'config.yaml')
    await editConfig(path, systemPlatform, setStrategy('openai', 'random'))
    expect(readFileSync(path, 'utf8')).toMatch(/^# yaml-language-server: \$schema=/)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('never touches a file with errors', async () => {
    const path = write('listn: 1\n')
    await expect(editConfig(path, systemPlatform, clearFallback())).rejects.toMatchObject({ code: 'invalid' })
    expect(readFileSync(path, 'utf8')).toBe('listn: 1\n')
  })

  it('loses no edit when many edit at once', async () => {
    const path = write('')
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => editConfig(path, systemPlatform, addFallback(`openai/model-${index}`))),
    )
    expect((await load(readFileSync(path, 'utf8'))).fallback).toHaveLength(12)
  })

  it('keeps any comment of any file', async () => {
    const comment = fc.stringMatching(/^[a-z0-9 :#{}[\]"'-]{0,30}$/)
    await fc.assert(
      fc.asyncProperty(fc.array(comment, { minLength: 1, maxLength: 5 }), async (comments) => {
        const lines = ['listen: 127.0.0.1:1', 'providers:', '  openai: {}', 'fallback:', '  - openai/a']
        const text = lines
          .flatMap((line, index) => [`${/^ */.exec(line)?.[0] ?? ''}#${comments[index % comments.length]}`, line])
          .join('\n')
        const path = write(`${text}\n`)
        await editConfig(path, systemPlatform, setStrategy('openai', 'random'))
        const edited = readFileSync(path, 'utf8')
        for (const each of comments) expect(edited).toContain(`#${each}`.trimEnd())
      }),
      { numRuns: 25 },
    )
  })
})

describe('chains', () => {
  const names = (resolved: ReturnType<typeof resolveChain>) =>
    resolved.kind === 'chain' ? resolved.chain.map(({ provider, model }) => `${provider}/${model}`) : resolved.message
  const holders = new Set(['openai-codex', 'openrouter'])

  it.each([
    [
      FULL,
      'gpt-5.5',
      [
        'openai-codex/gpt-5.5',
        'openrouter/openai/gpt-5.5',
        'anthropic/claude-sonnet-5',
        'openrouter/anthropic/claude-sonnet-5',
      ],
    ],
    [FULL, 'other', ['openai-codex/other', 'openrouter/anthropic/claude-sonnet-5']],
    [FULL, 'qwen3-coder', ['lab-vllm/qwen3-coder', 'openrouter/anthropic/claude-sonnet-5']],
    [FULL, 'openai/gpt-5', ['openai/gpt-5', 'openrouter/anthropic/claude-sonnet-5']],
    ['', 'gpt-5.5', ['openai-codex/gpt-5.5', 'openrouter/gpt-5.5']],
    ['fallback: [openai-codex/gpt-5.5]', 'gpt-5.5', ['openai-codex/gpt-5.5', 'openrouter/gpt-5.5']],
    ['models: { a: [openai/a] }', 'b', 'no route serves the model "b"; did you mean "a"?'],
    ['fallbackPolicy: subscription-only\nmodels: { a: [openai-codex/a, openai/a] }', 'a', ['openai-codex/a']],
  ])('%j asked for %s', async (text, model, expected) => {
    expect(names(resolveChain(await load(text), PROVIDERS, holders, model, 'responses'))).toEqual(expected)
  })

  it('without any credential names a provider to add one for', async () => {
    expect(names(resolveChain(await load(''), PROVIDERS, new Set(), 'claude-sonnet-5', 'messages'))).toEqual([
      'anthropic/claude-sonnet-5',
    ])
  })

  it('lists what can be asked for', async () => {
    expect(listModels(await load(FULL), PROVIDERS, holders)).toEqual(
      expect.arrayContaining(['gpt-5.5', 'qwen3-coder', 'lab-vllm/qwen3-coder']),
    )
  })
})
