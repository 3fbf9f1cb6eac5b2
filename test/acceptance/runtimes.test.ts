import { execFile } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startSimulator } from '../../src/simulator/index.ts'
import { type PackedPackage, packPackage } from '../support/packed-package.ts'
import { FIXTURES, readFixture } from '../support/rule-tables.ts'

/** The packed archive in runtimes other than Node, installed by scripts/install-runtimes.sh into SPAREKEY_TEST_RUNTIMES. */
const RUNTIMES = resolve(process.env['SPAREKEY_TEST_RUNTIMES'] ?? 'SPAREKEY_TEST_RUNTIMES is not set')
const BIN = join(RUNTIMES, 'node_modules/.bin')
const SEEN_AT_MS = Date.UTC(2026, 2, 1)

let packed: PackedPackage
beforeAll(async () => {
  packed = await packPackage()
}, 300_000)
afterAll(() => packed?.remove(), 300_000)

/** @returns standard output; whatever else there is belongs to a failure */
function said(command: string, given: readonly string[], cwd: string): Promise<string> {
  return new Promise((done, fail) => {
    execFile(command, given, { cwd, maxBuffer: 50_000_000, timeout: 100_000 }, (error, stdout, stderr) =>
      error === null ? done(stdout.trim()) : fail(new Error(`${error.message}\n${stdout}${stderr}`)),
    )
  })
}

const run = {
  node: (folder: string, file: string) => said(process.execPath, [file], folder),
  bun: (folder: string, file: string) => said(join(BIN, 'bun'), [file], folder),
  deno: (folder: string, file: string) => said(join(BIN, 'deno'), ['run', '--allow-all', '--no-lock', file], folder),
}

const evidences = readdirSync(FIXTURES)
  .sort()
  .flatMap((table) =>
    readdirSync(new URL(`${table}/`, FIXTURES)).map((file) => ({
      ...readFixture(join(table, file.replace(/\.json$/, ''))).evidence,
      seenAtMs: SEEN_AT_MS,
    })),
  )

/** Every verdict with its reasons and times, as one line of JSON. */
const JUDGE = `
import { classify, observeHttp } from 'sparekey/failure'
import { rulesOf } from 'sparekey/failure/rules'
const evidences = ${JSON.stringify(evidences)}
export const verdicts = () => JSON.stringify(evidences.map((seen) => {
  const { evidence, ...verdict } = classify(seen, rulesOf(seen.provider))
  return verdict
}).concat(observeHttp({ provider: 'openai', api: 'responses', status: 429, headers: { 'retry-after': '7' }, body: '{}', seenAtMs: ${SEEN_AT_MS} })))
`
const FILES = {
  'package.json': '{ "private": true, "type": "module" }',
  'judge.js': JUDGE,
  'program.js': "import { verdicts } from './judge.js'\nconsole.log(verdicts())\n",
  'worker.js': "import { verdicts } from './judge.js'\nexport default { test() { console.log(verdicts()) } }\n",
}

/** One file without any import, as bundlers make it for the web. */
async function bundled(folder: string, file: string, format: 'esm' | 'iife'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, file)],
    bundle: true,
    platform: 'browser',
    format,
    globalName: 'judge',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

it('the runtimes are installed', () => {
  expect(existsSync(BIN), RUNTIMES).toBe(true)
})

describe('sparekey/failure gives the verdicts of Node', () => {
  let node: string
  beforeAll(async () => {
    node = await run.node(packed.project(FILES), 'program.js')
    expect(JSON.parse(node)).toHaveLength(evidences.length + 1)
  })

  it.each(['bun', 'deno'] as const)('in %s', async (runtime) => {
    expect(await run[runtime](packed.project(FILES), 'program.js')).toBe(node)
  })

  it('in workerd, on which Cloudflare Workers run', async () => {
    const folder = packed.project(FILES)
    writeFileSync(join(folder, 'bundled.mjs'), await bundled(folder, 'worker.js', 'esm'))
    writeFileSync(
      join(folder, 'config.capnp'),
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .tested)]);
const tested :Workerd.Worker = (modules = [(name = "worker.mjs", esModule = embed "bundled.mjs")], compatibilityDate = "2026-01-01");
`,
    )
    expect(await said(join(BIN, 'workerd'), ['test', 'config.capnp'], folder)).toBe(node)
  })

  it('in the edge runtime of Vercel', async () => {
    const folder = packed.project(FILES)
    const { EdgeVM } = (await import(
      pathToFileURL(createRequire(join(RUNTIMES, 'package.json')).resolve('@edge-runtime/vm')).href
    )) as { readonly EdgeVM: new () => { evaluate(text: string): unknown } }
    const text = await bundled(folder, 'judge.js', 'iife')
    expect(new EdgeVM().evaluate(`${text}; judge.verdicts()`)).toBe(node)
  })
})

describe('the whole library', () => {
  /** Past an account that is empty in a 200. */
  async function program(): Promise<string> {
    const error = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 9_000 }
    const credentials = { 'tok-a': { steps: [{ kind: 'failed' as const, error }] }, 'tok-b': {} }
    const simulator = await startSimulator({ scenario: { name: 'x', description: '', credentials } })
    onTestFinished(() => simulator.close())
    return `
import { createFetch } from 'sparekey/fetch'
const fetch = createFetch({
  provider: 'lab',
  store: 'memory',
  providers: { lab: { type: 'openai-compatible', baseUrl: '${simulator.url}/v1', wire: 'responses' } },
  credentials: ['tok-a', 'tok-b'].map((secret) => ({ provider: 'lab', label: secret, secret })),
})
const answer = await fetch('http://x.invalid/v1/responses', { method: 'POST', body: JSON.stringify({ model: 'm', input: 'hello' }) })
const text = await answer.text()
console.log(answer.status, answer.headers.get('x-sparekey-credential'), text.includes('The answer is 42') || text)
await fetch.open().catch((error) => console.log(error.name, error.code, error.hint))
await fetch.close()
`
  }

  it('runs in Deno', async () => {
    const folder = packed.project({ 'package.json': FILES['package.json'], 'program.js': await program() })
    expect(await run.deno(folder, 'program.js')).toBe('200 tok-b true')
  })

  it('says in Bun, which brings half an undici, what to do instead', async () => {
    const folder = packed.project({ 'package.json': FILES['package.json'], 'program.js': await program() })
    const [answer = '', thrown = ''] = (await run.bun(folder, 'program.js')).split('\n')
    const what = 'use Node >= 20.19 or Deno, or run \\"sparekey serve\\" beside this program'
    expect(answer).toContain(
      `500 null {"error":{"message":"this runtime brings no whole undici, which sends the requests: ${what}`,
    )
    expect(thrown).toMatch(/^UnsupportedRuntimeError runtime_unsupported use Node .* or Deno, or run "sparekey serve"/)
  })
})
