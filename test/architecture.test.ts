import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkHouse } from './architecture/check.ts'
import { LONG_FILES, TABLE } from './architecture/table.ts'

const root = fileURLToPath(new URL('../src/', import.meta.url))

describe('the house', () => {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.ts'))

  it('keeps its directions and habits', () => {
    const files = new Map(paths.map((path) => [path, readFileSync(root + path, 'utf8')]))
    const complaints = checkHouse(files).map(({ file, line, says }) => `src/${file}:${line} ${says}`)
    expect(complaints).toEqual([])
  })

  it('excuses only files that exist', () => {
    expect(Object.keys(LONG_FILES).filter((path) => !existsSync(root + path))).toEqual([])
  })

  it('names in the table only rooms that have a row', () => {
    const rooms = Object.values(TABLE)
      .flatMap((row) => [...row.runtime, ...row.types])
      .map((entry) => entry.replace(/\/.*/, ''))
    expect(rooms.filter((room) => room !== '*' && TABLE[room] === undefined)).toEqual([])
  })
})

/** What the checker says about one made-up file, or several. */
const says = (files: Record<string, string>) => checkHouse(new Map(Object.entries(files))).map((each) => each.says)

describe('the checker', () => {
  it('complains with file and line', () => {
    expect(checkHouse(new Map([['failure/bad.ts', "\nimport { a } from '../pool/pool.ts'\n"]]))).toEqual([
      { file: 'failure/bad.ts', line: 2, says: 'failure may not import pool/pool' },
    ])
  })

  it.each([
    [
      'a value where only types are allowed',
      'pool/a.ts',
      "import { classify } from '../failure/classify.ts'",
      'only types',
    ],
    ['an inline type import, which still loads', 'pool/a.ts', "import { type F } from '../failure/x.ts'", 'only types'],
    ['a dynamic import', 'pool/a.ts', "const x = import('../relay/relay.ts')", 'may not import relay/relay'],
    ['a re-export', 'wire/a.ts', "export { x } from '../pool/pool.ts'", 'may not import pool/pool'],
    ['a re-export of values', 'pool/a.ts', "export { x } from '../failure/x.ts'", 'only types'],
    ['a type by import()', 'failure/a.ts', "type X = import('../pool/pool.ts').X", 'may not import pool/pool'],
    [
      'a deep file that climbs out',
      'wire/messages/a.ts',
      "import { x } from '../../pool/pool.ts'",
      'may not import pool/pool',
    ],
    [
      'another file of a partly open room',
      'stores/a.ts',
      "import type { X } from '../pool/lease.ts'",
      'may not import',
    ],
    ['wire values beyond evidence and labels', 'wire/a.ts', "import { x } from '../failure/classify.ts'", 'only types'],
    ['another provider', 'providers/a.ts', "import { x } from './b.ts'", 'may import only'],
    ['a provider in the relay', 'relay/a.ts', "import { x } from '../providers/openai.ts'", 'may not import'],
    ['the registry in the relay', 'relay/a.ts', "import { x } from '../providers/_registry.ts'", 'may not import'],
    ['a surface in a surface', 'gateway/a.ts', "import { x } from '../chat/a.ts'", 'may not import chat/a'],
    ['the simulator in a product room', 'gateway/a.ts', "import { x } from '../simulator/a.ts'", 'may not import'],
    ['the simulator in the index', 'index.ts', "export { x } from './simulator/a.ts'", 'may not import'],
    ['the command line in the index', 'index.ts', "export { x } from './cli/main.ts'", 'may not import'],
    ['the index inside', 'relay/a.ts', "import { x } from '../index.ts'", 'may not import index'],
    ['a private file from outside', 'cli/a.ts', "import { x } from '../pool/_private.ts'", 'private to its folder'],
    ['a private file from a subfolder', 'wire/messages/a.ts', "import { x } from '../_b.ts'", 'private to its folder'],
    ['a package in a pure room', 'wire/a.ts', "import { z } from 'zod'", 'is pure'],
    ['a node module in a pure room', 'failure/a.ts', "import { join } from 'node:path'", 'is pure'],
    ['a file outside src', 'cli/a.ts', "import { x } from '../../test/x.ts'", 'leaves src/'],
    ['a test', 'cli/a.ts', "import { x } from './b.test.ts'", 'import of a test'],
    ['an unknown room', 'helpers/a.ts', '', 'has no row'],
    ['export *', 'pool/a.ts', "export * from './b.ts'", 'export *'],
    ['export * as', 'pool/a.ts', "export * as b from './b.ts'", 'export *'],
    ['any', 'pool/a.ts', 'export const a = (x: any) => x', 'any'],
    ['any in a generic', 'platform/a.ts', 'export type A = Map<string, any>', 'any'],
    ['a long file', 'pool/a.ts', 'const a = 1\n'.repeat(501), '501 lines'],
    ['Date.now', 'pool/a.ts', 'const a = Date.now()', 'Date.now'],
    ["Date['now']", 'pool/a.ts', "const a = Date['now']", 'Date.now'],
    ['Date.now as a value', 'pool/a.ts', 'const a = { now: Date.now }', 'Date.now'],
    ['now taken out of Date', 'pool/a.ts', 'const { now } = Date', 'Date.now'],
    ['globalThis.Date.now', 'pool/a.ts', 'const a = globalThis.Date.now()', 'Date.now'],
    ['new Date()', 'pool/a.ts', 'const a = new Date()', 'new Date()'],
    ['new Date', 'pool/a.ts', 'const a = new Date', 'new Date()'],
    ['Date()', 'pool/a.ts', 'const a = Date()', 'Date()'],
    ['setTimeout', 'pool/a.ts', 'setTimeout(() => {}, 1)', 'setTimeout'],
    ['setTimeout as a default', 'pool/a.ts', 'const a = (timer = setTimeout) => timer', 'setTimeout'],
    ['setTimeout as a shorthand', 'pool/a.ts', 'const a = { setTimeout }', 'setTimeout'],
    ['globalThis.setTimeout', 'pool/a.ts', 'globalThis.setTimeout(() => {}, 1)', 'globalThis.setTimeout'],
    ['setInterval', 'gateway/a.ts', 'setInterval(() => {}, 1)', 'setInterval'],
    ['Math.random', 'recovery/a.ts', 'const a = Math.random()', 'Math.random'],
    ['crypto.randomUUID', 'relay/a.ts', 'const a = crypto.randomUUID()', 'crypto.randomUUID'],
    ['randomUUID by import', 'relay/a.ts', "import { randomUUID as id } from 'node:crypto'", 'randomUUID'],
    ['timers by import', 'relay/a.ts', "import { setTimeout } from 'node:timers/promises'", 'node:timers/promises'],
    ['env by import', 'relay/a.ts', "import { env } from 'node:process'", 'env'],
    ['fetch', 'oauth/a.ts', "await fetch('http://x')", 'fetch'],
    ['globalThis.fetch', 'oauth/a.ts', 'const a = globalThis.fetch', 'globalThis.fetch'],
    ['process.env', 'cli/a.ts', "const a = process.env['A']", 'process.env'],
    ['env taken out of process', 'cli/a.ts', 'const { env } = process', 'process.env'],
    ['a global beside a local of the same name', 'cli/a.ts', 'const a = (fetch: F) => fetch; fetch()', 'fetch'],
  ])('sees %s', (_what, file, text, part) => {
    expect(says({ [file]: text })).toEqual([expect.stringContaining(part)])
  })

  it.each([
    ['types where types are allowed', 'pool/a.ts', "import type { Failure } from '../failure/evidence.ts'"],
    ['values of evidence and labels in wire', 'wire/a.ts', "import { x } from '../failure/labels.ts'"],
    ['neighbours', 'pool/a.ts', "import { x } from './b.ts'"],
    ['the base provider', 'providers/a.ts', "import { x } from './openai-compatible.ts'"],
    ['all providers in the registry', 'providers/_registry.ts', "import { x } from './openai.ts'"],
    ['the registry in a surface', 'gateway/a.ts', "import { x } from '../providers/_registry.ts'"],
    ['anything in the command line', 'cli/a.ts', "import { x } from '../simulator/a.ts'"],
    ['packages in other rooms', 'gateway/a.ts', "import { createServer } from 'node:http'"],
    ['banned words in comments and strings', 'pool/a.ts', "// Date.now() any\nconst a = 'fetch(process.env) any'"],
    ['a moment given as a number', 'pool/a.ts', 'const a = new Date(0).toISOString()'],
    [
      'properties and methods of the same name',
      'fetch/a.ts',
      'class A { fetch() { return this.fetch }; b = { fetch: 1 } }',
    ],
    [
      'a parameter of the same name',
      'gateway/a.ts',
      'const a = (fetch: F) => { const b = { fetch }; return fetch(b) }',
    ],
    ['a parameter taken apart', 'gateway/a.ts', 'function a({ setTimeout, env }: T) { setTimeout(env) }'],
    ['a type of the same name', 'fetch/a.ts', 'type A = typeof fetch; type B = typeof globalThis.fetch'],
    ['everything behind the door', 'platform/a.ts', 'const a = [Date.now(), fetch, process.env, Math.random()]'],
    ['500 lines', 'pool/a.ts', 'const a = 1\n'.repeat(500)],
    ['tests', 'pool/a.test.ts', "import { x } from '../simulator/a.ts'; Date.now()"],
  ])('lets pass %s', (_what, file, text) => {
    expect(says({ [file]: text })).toEqual([])
  })

  it('sees a cycle once, also one of types', () => {
    const files = {
      'pool/a.ts': "import { b } from './b.ts'",
      'pool/b.ts': "import type { C } from './c.ts'",
      'pool/c.ts': "import { a } from './a.ts'",
    }
    expect(says(files)).toEqual(['import cycle: pool/a -> pool/b -> pool/c -> pool/a'])
  })
})
