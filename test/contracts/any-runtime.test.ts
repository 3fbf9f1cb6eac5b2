import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext, Script } from 'node:vm'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'
import { classify, observeException, observeHttp } from '../../src/failure/index.ts'
import { rulesOf } from '../../src/providers/_rules.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { FIXTURES, readFixture } from '../support/rule-tables.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SEEN_AT_MS = Date.UTC(2026, 2, 1)

/** `sparekey/failure` where there is nothing but the language: no Node, no browser, no timers, no `URL`. */
let there: (call: string, ...given: readonly unknown[]) => unknown

beforeAll(async () => {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    stdin: {
      contents: "export * from './src/failure/index.ts'; export { rulesOf } from './src/providers/_rules.ts'",
      resolveDir: ROOT,
      loader: 'ts',
    },
    bundle: true,
    // Fails for whatever imports a module of Node.
    platform: 'browser',
    format: 'iife',
    globalName: 'sparekey',
    target: 'es2022',
    write: false,
  })
  const context = createContext({}, { codeGeneration: { strings: false, wasm: false } })
  new Script(outputFiles[0]?.text ?? '').runInContext(context)
  there = (call, ...given) => {
    const text = `JSON.stringify((${call})(...JSON.parse(${JSON.stringify(JSON.stringify(given))})))`
    return JSON.parse(String(new Script(text).runInContext(context)))
  }
})

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('sparekey/failure without any runtime', () => {
  it('has nothing to lean on there', () => {
    const missing = ['process', 'Buffer', 'require', 'URL', 'TextDecoder', 'setTimeout', 'fetch', 'window', 'crypto']
    expect(there(`() => ${JSON.stringify(missing)}.filter((name) => name in globalThis)`)).toEqual([])
  })

  it.each(readdirSync(FIXTURES).sort())('gives the verdicts of Node for the fixtures of %s', (table) => {
    for (const file of readdirSync(new URL(`${table}/`, FIXTURES))) {
      const evidence = {
        ...readFixture(join(table, file.replace(/\.json$/, ''))).evidence,
        seenAtMs: SEEN_AT_MS,
      }
      const verdict = there('(evidence) => sparekey.classify(evidence, sparekey.rulesOf(evidence.provider))', evidence)
      expect(verdict, file).toEqual(plain(classify(evidence, rulesOf(evidence.provider))))
    }
  })

  it('observes answers and exceptions', () => {
    const answer = { provider: 'openai', api: 'responses', status: 429, headers: { 'retry-after': '7' }, body: '{}' }
    const seen = { ...answer, seenAtMs: SEEN_AT_MS } as Parameters<typeof observeHttp>[0]
    expect(there('sparekey.observeHttp', seen)).toEqual(plain(observeHttp(seen)))
    const thrown = {
      provider: 'openai',
      api: 'responses',
      seenAtMs: SEEN_AT_MS,
      error: { name: 'TypeError', message: 'fetch failed', cause: { code: 'ECONNRESET' } },
    } as Parameters<typeof observeException>[0]
    expect(there('sparekey.observeException', thrown)).toEqual(plain(observeException(thrown)))
  })
})

describe('the rows of a provider', () => {
  it.each(Object.values(PROVIDERS))('$id: the same as a call uses, by id and by alias', ({ id, aliases, rules }) => {
    for (const name of [id, id.toUpperCase(), ...(aliases ?? [])]) expect(rulesOf(name), name).toEqual(rules)
  })

  it('none for a name that nobody has, whatever every object has', () => {
    for (const name of ['nobody', 'constructor', '__proto__', '']) expect(rulesOf(name)).toEqual([])
  })
})
