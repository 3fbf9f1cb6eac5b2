import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startSimulator } from '../../src/simulator/index.ts'
import { type PackedPackage, packPackage } from '../support/packed-package.ts'

/** The archive that would be published, used by projects that have nothing of this checkout. */

let packed: PackedPackage
beforeAll(async () => {
  packed = await packPackage()
}, 300_000)
afterAll(() => packed?.remove(), 300_000)

/** Compilers are slow on a busy machine. */
const PATIENCE_MS = 300_000

const ENTRIES = {
  sparekey: ['createSparekey', 'SparekeyError', 'SparekeyConfigError', 'StoreError', 'classify', 'sparekeyErrorOf'],
  'sparekey/fetch': ['createFetch', 'SparekeyError', 'sparekeyErrorOf'],
  'sparekey/ai-sdk': ['createSparekeyProvider', 'SparekeyError', 'sparekeyErrorOf'],
  'sparekey/failure': ['classify', 'observeHttp', 'FAILURE_LABELS'],
  'sparekey/failure/rules': ['rulesOf'],
  'sparekey/gateway': ['startGateway'],
  'sparekey/simulator': ['startSimulator'],
} as const

/** Every entry loads and gives what it should; then a call goes through, past an empty account. */
const PROGRAM = (load: (entry: string) => string, url: string) => `
const entries = ${JSON.stringify(ENTRIES)}
const main = async () => {
  for (const [entry, names] of Object.entries(entries)) {
    const loaded = await ${load('entry')}
    for (const name of names) if (loaded[name] === undefined) throw new Error(entry + ' lacks ' + name)
  }
  const { createSparekey } = await ${load("'sparekey'")}
  const { createFetch } = await ${load("'sparekey/fetch'")}
  const options = {
    store: 'memory',
    providers: { lab: { type: 'openai-compatible', baseUrl: ${JSON.stringify(`${url}/v1`)}, wire: 'responses' } },
    credentials: ['tok-a', 'tok-b'].map((secret) => ({ provider: 'lab', label: secret, secret })),
  }
  const sparekey = await createSparekey(options)
  const own = createFetch({ ...options, provider: 'lab' })
  const init = { method: 'POST', body: JSON.stringify({ model: 'm', input: 'hello' }) }
  for (const fetch of [sparekey.fetch('lab'), own]) {
    const answer = await fetch('http://x.invalid/v1/responses', init)
    console.log(answer.status, answer.headers.get('x-sparekey-credential'), (await answer.text()).includes('42'))
  }
  await Promise.all([sparekey.close(), own.close()])
}
main()
`

async function upstream(): Promise<string> {
  const error = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 9_000 }
  const credentials = { 'tok-a': { steps: [{ kind: 'failed' as const, error }] }, 'tok-b': {} }
  const simulator = await startSimulator({ scenario: { name: 'x', description: '', credentials } })
  onTestFinished(() => simulator.close())
  return simulator.url
}

describe('what is packed', () => {
  it('is the program, its types and the schema; no tests and no sources', () => {
    expect(packed.files).toContain('dist/index.js')
    expect(packed.files).toContain('dist/providers/_rules.d.ts')
    expect(packed.files).toContain('dist/cli/main.js')
    const strange = packed.files.filter((file) =>
      /\.test\.|(^|[^d])\.ts$|fixtures|\.tsbuildinfo|node_modules/.test(file),
    )
    expect(strange.filter((file) => !file.endsWith('.d.ts'))).toEqual([])
  })
})

describe('a program', () => {
  it.each([
    ['of ES modules', 'program.mjs', (entry: string) => `import(${entry})`],
    ['of CommonJS, by import()', 'program.cjs', (entry: string) => `import(${entry})`],
    // Node 20.19 and newer.
    ['of CommonJS, by require', 'program.cjs', (entry: string) => `require(${entry})`],
  ])(
    '%s has every entry, calls and ends by itself',
    async (_kind, file, load) => {
      const project = packed.project({ 'package.json': '{ "private": true }', [file]: PROGRAM(load, await upstream()) })
      const { exit, said } = await packed.run(project, file)
      expect(said.replace(/^.*ExperimentalWarning[\s\S]*?\n(?=200)/, '')).toBe('200 tok-b true\n200 tok-b true\n')
      expect(exit).toBe(0)
    },
    PATIENCE_MS,
  )

  it(
    'without the AI SDK is told what to install',
    async () => {
      const text = `import { createSparekeyProvider } from 'sparekey/ai-sdk'
try { createSparekeyProvider({ store: 'memory' })('m') } catch (error) { console.log(error.code, error.hint) }`
      const { said } = await packed.run(packed.project({ 'program.mjs': text }), 'program.mjs')
      expect(said).toContain('package_missing npm install @ai-sdk/openai')
    },
    PATIENCE_MS,
  )

  it(
    'with the AI SDK beside it needs not name its packages',
    async () => {
      const text = `import { createSparekeyProvider } from 'sparekey/ai-sdk'
import { generateText } from 'ai'
const options = {
  store: 'memory',
  providers: { openai: { baseUrl: '${await upstream()}/v1' } },
  credentials: ['tok-a', 'tok-b'].map((secret) => ({ provider: 'openai', label: secret, secret })),
}
const sparekey = createSparekeyProvider(options)
console.log((await generateText({ model: sparekey('gpt-5.5'), prompt: 'hello' })).text)
await sparekey.close()`
      const project = packed.project({ 'program.mjs': text }, ['ai', '@ai-sdk/openai'])
      expect(await packed.run(project, 'program.mjs')).toEqual({
        exit: 0,
        said: 'The answer is 42.\n',
      })
    },
    PATIENCE_MS,
  )
})

const TYPED = `
import { createSparekey, SparekeyConfigError, SparekeyError, sparekeyErrorOf, type FailureLabel } from 'sparekey'
import { createFetch } from 'sparekey/fetch'
import { createSparekeyProvider } from 'sparekey/ai-sdk'
import { classify, observeHttp } from 'sparekey/failure'
import { rulesOf } from 'sparekey/failure/rules'
import { startGateway } from 'sparekey/gateway'
import { startSimulator } from 'sparekey/simulator'

export async function program(): Promise<FailureLabel | undefined> {
  const sparekey = await createSparekey({ store: 'memory', credentials: [{ provider: 'openai', label: 'a', secret: 'b' }] })
  const stop: () => void = sparekey.on('attempt_failed', ({ label, status }) => console.log(label, status))
  stop()
  const drop: typeof globalThis.fetch = sparekey.fetch('openai', { givenUp: 'throw' })
  const alone: typeof globalThis.fetch = createFetch({ provider: 'openai' })
  void [drop, alone, createSparekeyProvider, startGateway, startSimulator]
  // @ts-expect-error: no such event
  sparekey.on('attempt_filed', () => undefined)
  const seen = observeHttp({ provider: 'openai', api: 'responses', status: 429, headers: {}, body: '{}', seenAtMs: 0 })
  const label: FailureLabel = classify(seen, rulesOf('openai')).label
  try {
    await drop('https://api.openai.com/v1/responses')
  } catch (error) {
    if (error instanceof SparekeyConfigError) return error.problems[0]?.key === undefined ? undefined : label
    if (SparekeyError.isInstance(error)) return error.label
    const hint: string | undefined = sparekeyErrorOf(error)?.hint
    void hint
  }
  return label
}
`

const COMMON = { strict: true, noEmit: true, target: 'es2022', exactOptionalPropertyTypes: true }

describe('types', () => {
  it.each([
    // The types themselves are checked once; the others find the same ones in other ways.
    ['nodenext, ES modules', { module: 'nodenext', types: ['node'], lib: ['es2023'], skipLibCheck: false }, 'module'],
    ['nodenext, CommonJS', { module: 'nodenext', types: ['node'], lib: ['es2023'], skipLibCheck: true }, 'commonjs'],
    [
      'a bundler',
      { module: 'esnext', moduleResolution: 'bundler', types: ['node'], lib: ['es2023', 'dom'], skipLibCheck: true },
      'module',
    ],
  ])(
    'are right for %s',
    async (_name, options, type) => {
      const project = packed.project({
        'package.json': JSON.stringify({ private: true, type }),
        'program.ts': TYPED,
        'tsconfig.json': JSON.stringify({ compilerOptions: { ...COMMON, ...options }, files: ['program.ts'] }),
      })
      expect(await packed.check(project)).toEqual({ exit: 0, said: '' })
    },
    PATIENCE_MS,
  )

  it(
    'of sparekey/failure need no types of any runtime',
    async () => {
      const text = `import { classify, type Evidence } from 'sparekey/failure'
import { rulesOf } from 'sparekey/failure/rules'
export const label = (evidence: Evidence): string => classify(evidence, rulesOf(evidence.provider)).label
`
      const options = {
        ...COMMON,
        module: 'esnext',
        moduleResolution: 'bundler',
        types: [],
        lib: ['es2022'],
        skipLibCheck: false,
      }
      const project = packed.project({
        'program.ts': text,
        'tsconfig.json': JSON.stringify({ compilerOptions: options, files: ['program.ts'] }),
      })
      expect(await packed.check(project)).toEqual({ exit: 0, said: '' })
    },
    PATIENCE_MS,
  )
})
