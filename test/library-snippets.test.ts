import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { startSimulator } from '../src/simulator/index.ts'
import { runSnippet } from './support/run-snippet.ts'
import { homeWith } from './support/sqlite-home.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGE = readFileSync(join(ROOT, 'docs/library.md'), 'utf8')
const SNIPPETS = [...PAGE.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text = '']) => text)

it('the page has its examples', () => expect(SNIPPETS.length).toBeGreaterThanOrEqual(3))

it.each(SNIPPETS.map((text) => [/from '(?!sparekey)([^']+)'/.exec(text)?.[1] ?? 'sparekey alone', text] as const))(
  'library with %s: runs as it stands, past an empty account',
  async (module, text) => {
    const provider = module.startsWith('@anthropic') ? 'anthropic' : 'openai'
    const error = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 9_000 }
    const credentials = { 'tok-a': { steps: [{ kind: 'failed' as const, error }] }, 'tok-b': {} }
    const upstream = await startSimulator({ scenario: { name: 'docs', description: '', credentials } })
    onTestFinished(() => upstream.close())
    const home = await homeWith(provider, Object.keys(credentials))
    writeFileSync(join(home, 'config.yaml'), `providers: { ${provider}: { baseUrl: "${upstream.url}/v1" } }\n`)
    const library = pathToFileURL(join(ROOT, 'src/index.ts')).href
    const { PATH = '', NODE_OPTIONS = '' } = process.env
    const { exit, said } = await runSnippet(text.replace("from 'sparekey'", `from '${library}'`), {
      PATH,
      NODE_OPTIONS,
      SPAREKEY_HOME: home,
      HOME: home,
    })
    expect(said).toContain('The answer is 42.')
    // The program ends by itself: nothing of ours keeps it.
    expect(exit).toBe(0)
    expect(upstream.hits('tok-b')).toBe(1)
  },
  60_000,
)
