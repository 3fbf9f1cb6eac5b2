import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { fixedEnvironment } from '../platform/environment.ts'
import { STRATEGY_NAMES } from '../pool/strategies.ts'
import { PROVIDERS } from '../providers/_registry.ts'
import { DEFAULT_POLICY } from '../recovery/policy.ts'
import { DEFAULT_LOAD_LIMITS } from '../gateway/options.ts'
import { DEFAULT_LIMITS } from '../relay/call.ts'
import { CONFIG_DEFAULTS, describeProblem } from './config.ts'
import { homeOf } from './home.ts'
import { loadConfig } from './load.ts'
import { parseConfig } from './parse.ts'
import { danglingNames, definitionOf, listModels, resolveChain } from './resolve.ts'

const EMPTY = fixedEnvironment({})

function write(text: string | Uint8Array): string {
  const path = join(temporaryHome(), 'config.yaml')
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

describe('history', () => {
  it('is off unless it is told to keep, and has sane bounds then', async () => {
    expect((await load('')).history).toBeUndefined()
    expect((await load('history:')).history).toBeUndefined()
    expect((await load('history: { keepMs: 1000 }')).history).toBeUndefined()
    expect((await load('history: { keep: false }')).history).toBeUndefined()
    expect((await load('history: { keep: true }')).history).toEqual(CONFIG_DEFAULTS.history)
    expect((await load('history: { keep: true, keepMs: 60000, maxBytes: 1000 }')).history).toEqual({
      keepMs: 60_000,
      maxBytes: 1_000,
      maxTotalBytes: CONFIG_DEFAULTS.history.maxTotalBytes,
    })
  })

  it.each([
    ['history: { keep: yes please }', 'history.keep: '],
    ['history: { keep: true, keepMs: 0 }', 'history.keepMs: '],
    ['history: { keep: true, keepMs: 7776000001 }', 'history.keepMs: '],
    ['history: { keep: true, maxBytes: 0.5 }', 'history.maxBytes: '],
    ['history: { keep: true, maxTotalBytes: much }', 'history.maxTotalBytes: '],
    [
      'history: { keep: true, maxBytes: 2000, maxTotalBytes: 1000 }',
      'history: one conversation (maxBytes) may not be larger than all of them (maxTotalBytes)',
    ],
    ['history: { keep: true, maxTotalBytes: 1000 }', 'history: one conversation (maxBytes)'],
    ['history: { keeep: true }', 'history.keeep: unknown key; did you mean "keep"?'],
  ])('%s is refused', (text, says) => {
    expect(problems(text)).toEqual([expect.stringContaining(says)])
  })
})

describe('compression', () => {
  it('is off unless its section is there, and names a provider that exists', async () => {
    expect((await load('')).compression).toBeUndefined()
    expect((await load('compression: {}')).compression).toEqual({ keepSteps: 4 })
    const config = await load('compression: { summaryRoute: opnai/gpt-5.5-mini, keepSteps: 9 }')
    expect(config.compression).toEqual({ summaryRoute: 'opnai/gpt-5.5-mini', keepSteps: 9 })
    expect(danglingNames(config, PROVIDERS)).toMatchObject([{ key: 'compression.summaryRoute', nearest: 'openai' }])
  })
})

describe('repairs', () => {
  it('are all made unless they are switched off by name', async () => {
    expect((await load('')).repairsOff).toEqual([])
    expect((await load('repairs: { image: false, roles: true, tool_schema: false }')).repairsOff).toEqual([
      'image',
      'tool_schema',
    ])
    expect(problems('repairs: { imgae: false }')).toEqual([
      'config.yaml:1:12  repairs.imgae: unknown key; did you mean "image"?',
    ])
  })
})

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
    expect(config.limits).toEqual({ ...CONFIG_DEFAULTS.limits, deadlineMs: 60_000, idleMs: 5_000 })
    expect(danglingNames(config, PROVIDERS)).toEqual([])
  })

  it.each([
    '',
    '\n\n# only a comment\n',
    '\uFEFF',
    '\uFEFFlisten: 127.0.0.1:8787\n',
    'providers:\n  openai-codex:\n',
    'providers:\nmodels:\nfallback:\npolicy:\nlimits:\nclients:\n',
  ])('takes %j and fills in defaults', async (text) => {
    const config = await load(text)
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 8787 })
    expect(config.limits).toEqual(CONFIG_DEFAULTS.limits)
    expect(CONFIG_DEFAULTS.limits).toEqual({ ...DEFAULT_LIMITS, ...DEFAULT_LOAD_LIMITS, drainMs: 30_000 })
  })

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

  it('takes the hash of a client key instead of the key', async () => {
    const hash = 'AB'.repeat(32)
    const config = await load(`clients: ["sha256:${hash}", { name: ci, sha256: ${hash} }]\n`)
    expect(config.clients.map(({ sha256 }) => sha256)).toEqual([hash.toLowerCase(), hash.toLowerCase()])
  })

  it('an override of a policy row changes only what it names', async () => {
    const config = await load(
      'policy:\n  rate_limit: { retries: { times: 9 } }\n  billing: { retries: { times: 1 } }\n  quota_exhausted: { bench: { kind: ladder, baseMs: 5, capMs: 6 } }\n',
    )
    expect(config.policy.rate_limit).toEqual({
      ...DEFAULT_POLICY.rate_limit,
      retries: { ...DEFAULT_POLICY.rate_limit.retries, times: 9 },
    })
    expect(config.policy.billing.retries).toEqual({ times: 1, backoffMs: [1000] })
    expect(config.policy.quota_exhausted).toEqual({
      ...DEFAULT_POLICY.quota_exhausted,
      bench: { kind: 'ladder', baseMs: 5, capMs: 6 },
    })
    expect(config.policy.unknown).toEqual(DEFAULT_POLICY.unknown)
  })

  it('an IPv6 address loses the brackets that set it apart from its port', async () => {
    expect((await load('listen: "[::1]:8787"\n')).listen).toEqual({ host: '::1', port: 8787 })
  })

  it('knows every strategy that the pool has', async () => {
    for (const strategy of STRATEGY_NAMES)
      expect((await load(`providers: { openai: { strategy: ${strategy} } }\n`)).providers['openai']?.strategy).toBe(
        strategy,
      )
    expect(STRATEGY_NAMES).toContain(CONFIG_DEFAULTS.strategy)
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
      'config.yaml:2:13  providers.openai.strategy: must be one of fill_first, round_robin, random, least_used, quota_aware; did you mean "fill_first"?',
    ],
    ['limits:\n  idleMs: soon\n', 'config.yaml:2:3  limits.idleMs: must be a number'],
    ['fallback:\n  - openrouter\n', 'config.yaml:2:5  fallback[0]: a route is provider/model'],
    ['clients:\n  - short\n', 'config.yaml:2:5  clients[0]: a client key has at least 8 characters'],
    ['limits: { idleMs: 0 }\n', 'config.yaml:1:11  limits.idleMs: must be at least 1'],
    ['limits: { idleMs: 1.5 }\n', 'config.yaml:1:11  limits.idleMs: must be a whole number'],
    [
      'listen: 8787\n',
      'config.yaml:1:1  listen: must be host:port, such as 127.0.0.1:8787, with a port of at most 65535',
    ],
    [
      'listen: 127.0.0.1:65536\n',
      'config.yaml:1:1  listen: must be host:port, such as 127.0.0.1:8787, with a port of at most 65535',
    ],
    [
      'providers: { openai: { baseUrl: ftp://x } }\n',
      'config.yaml:1:24  providers.openai.baseUrl: must be a URL that begins with http:// or https://',
    ],
    [
      'providers: { openai: { headers: { x-a: "b\\r\\nc: d" } } }\n',
      'config.yaml:1:35  providers.openai.headers.x-a: a header value is one line of plain text',
    ],
    [
      'providers: { openai: { headers: { Content-Length: "1" } } }\n',
      'config.yaml:1:24  providers.openai.headers: may not hold headers of the connection, such as content-length or connection',
    ],
    [
      'providers: { openai: { wire: messages, wires: [responses] } }\n',
      'config.yaml:1:14  providers.openai: takes "wire" or "wires", not both',
    ],
    [
      'providers: { Lab: {} }\n',
      'config.yaml:1:14  providers.Lab: a name has lower-case letters, digits, dots, dashes and underscores',
    ],
    [
      'policy: { billing: { bench: { kind: laddr } } }\n',
      'config.yaml:1:31  policy.billing.bench.kind: must be one of none, dead, reset, hint, ladder',
    ],
    ['clients: ["sha256:12345678"]\n', 'config.yaml:1:11  clients[0]: after "sha256:" come 64 hex digits'],
    ['store: !env STORE\n', 'config.yaml:1:8  tags (!name) are not supported; quote text that begins with "!"'],
    ['a: 1\n---\nb: 2\n', 'config.yaml:2:1  the file holds more than one document; remove the line "---" between them'],
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

  it.each([
    'clients:\n  - { nam: x, key: SECRET }\n',
    'clients:\n  - { SECRET: x }\n',
    'clients: { ci: SECRET }\n',
    'clients: [*SECRET]\n',
    'clients: |SECRET\n x\n',
    'clients: !SECRET x\n',
    'clients: ["SECRET\\q"]\n',
    'clients: ["\\uSECRET"]\n',
    '%SECRET\n---\nclients: []\n',
    '%YAML SECRET\n---\nclients: []\n',
    'clients: SECRET\n',
  ])('never shows a secret: %j', (text) => {
    const told = problems(text.replaceAll('SECRET', 'planted-secret'))
    expect(told.length).toBeGreaterThan(0)
    expect(told.join('')).not.toContain('plan')
  })

  it('never shows a secret, however the text around it is broken', () => {
    const noise = fc.string({ unit: fc.constantFrom(...Array.from('\n [{}],:-?*&!|>@%`"\'#')), maxLength: 6 })
    fc.assert(
      fc.property(noise, noise, noise, (before, between, after) => {
        const told = problems(`clients:${before}name${between}sk-planted-01${after}\n`)
        expect(told.join('')).not.toContain('planted')
      }),
      { numRuns: 2000 },
    )
  })

  it('text that is not UTF-8 is told, so that no edit writes replacement characters over it', async () => {
    const path = write(new Uint8Array([0x23, 0x20, 0xe9, 0x0a]))
    const loaded = await loadConfig(path, EMPTY)
    expect('problems' in loaded && loaded.problems.map(describeProblem)).toEqual([
      'config.yaml  is not UTF-8 text; save it as UTF-8',
    ])
  })

  it('a file of more than a megabyte is not read', async () => {
    const loaded = await loadConfig(write('#'.repeat(1_048_577)), EMPTY)
    expect('problems' in loaded && loaded.problems.map(describeProblem)).toEqual([
      'config.yaml  the file is larger than 1 MiB',
    ])
    expect(await loadConfig(write('#'.repeat(1_048_576)), EMPTY)).toHaveProperty('config')
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
      'SPAREKEY_LISTEN  listen: must be host:port, such as 127.0.0.1:8787, with a port of at most 65535',
    ])
  })

  it('providers may be called what people call them', async () => {
    const config = await load('providers: { zhipu: {}, mine: { type: qwen } }\n')
    expect(danglingNames(config, PROVIDERS)).toEqual([])
    expect(definitionOf(config, PROVIDERS, 'zhipu')?.id).toBe('zai')
    expect(definitionOf(config, PROVIDERS, 'mine')?.id).toBe('dashscope')
  })

  it("the user's rows come before the built-in ones, once and for every call", async () => {
    const config = await load(
      'providers: { openai: { rules: [{ code: [A, b], is: billing }, { status: { from: 500, to: 599 }, text: "Odd .*", is: overloaded, modelScoped: true, name: odd }] } }\n',
    )
    const definition = definitionOf(config, PROVIDERS, 'openai')
    expect(definition?.rules.slice(0, 2)).toEqual([
      { code: ['a', 'b'], is: 'billing', seen: 'config/openai/1' },
      {
        status: { from: 500, to: 599 },
        text: /Odd .*/i,
        is: 'overloaded',
        modelScoped: true,
        seen: 'config/openai/odd',
      },
    ])
    expect(definition?.rules.slice(2)).toEqual(PROVIDERS['openai']?.rules)
    expect(definitionOf(config, PROVIDERS, 'openai')).toBe(definition)
  })

  it.each([
    ['is: quota', 'is: must be one of', 5],
    ['is: billing', 'needs at least one of code, type, status', 5],
    ['is: billing\n        text: "(("', 'text: is not a regular expression', 6],
    ['is: billing\n        text: "(a+)+b"', 'text: repeats a repetition', 6],
    ['is: billing\n        kode: x', 'kode: unknown key; did you mean "code"?', 6],
    ['is: billing\n        status: 1', 'status: ', 6],
  ])('a row that says "%s" is refused with its line', (row, said, line) => {
    const text = `providers:\n  openai:\n    strategy: random\n    rules:\n      - ${row}\n`
    const [problem] = problems(text)
    expect(problem).toContain(`config.yaml:${line}:`)
    expect(problem).toContain(said)
  })

  it('names that nobody has', async () => {
    const config = await load(
      'models: { x: [openai-codx/x] }\nproviders: { lab: { baseUrl: "http://127.0.0.1:1" }, own: { type: openai-compatible } }\n',
    )
    expect(danglingNames(config, PROVIDERS).map((each) => describeProblem({ where: 'config.yaml', ...each }))).toEqual([
      'config.yaml:2:14  providers.lab: is not a built-in provider and names no "type"',
      'config.yaml:2:54  providers.own.baseUrl: is needed: this type has no address of its own',
      'config.yaml:1:15  models.x[0]: provider "openai-codx" is not known; did you mean "openai-codex"?',
    ])
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
    // A vendor whose provider is not set up: OpenRouter's users ask for its models by that name.
    ['', 'deepseek/deepseek-chat', ['openai-codex/deepseek/deepseek-chat', 'openrouter/deepseek/deepseek-chat']],
    ['providers: { deepseek: {} }', 'deepseek/deepseek-chat', ['deepseek/deepseek-chat']],
    ['', 'gpt-5.5', ['openai-codex/gpt-5.5', 'openrouter/gpt-5.5']],
    ['fallback: [openai-codex/gpt-5.5]', 'gpt-5.5', ['openai-codex/gpt-5.5', 'openrouter/gpt-5.5']],
    ['models: { gpt-5: [openai/a] }', 'gpt5', 'no route serves the model "gpt5"; did you mean "gpt-5"?'],
  ])('%j asked for %s', async (text, model, expected) => {
    expect(names(resolveChain(await load(text), PROVIDERS, holders, model, 'responses'))).toEqual(expected)
  })

  it.each(['constructor', '__proto__', 'toString'])('a model named %s is a name like any other', async (model) => {
    const config = await load('models: { a: [openai/a] }')
    expect(names(resolveChain(config, PROVIDERS, holders, model, 'responses'))).toContain('no route serves the model')
    expect(names(resolveChain(await load(''), PROVIDERS, holders, `${model}/x`, 'messages'))).toEqual([
      `openrouter/${model}/x`,
    ])
  })

  it('a model name of a megabyte gets an answer at once', async () => {
    const models = Array.from({ length: 300 }, (_, index) => `  ${'m'.repeat(90)}${index}: [openai/a]\n`)
    const config = await load(`models:\n${models.join('')}`)
    const told = names(resolveChain(config, PROVIDERS, holders, 'x'.repeat(1_000_000), 'responses'))
    expect(told).toHaveLength('no route serves the model ""; see GET /v1/models'.length + 100)
  })

  it('a chain of which nothing is left is unknown, not an empty chain', async () => {
    const config = await load('models: { a: [nobody/a] }')
    expect(resolveChain(config, PROVIDERS, holders, 'a', 'responses').kind).toBe('unknown')
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
