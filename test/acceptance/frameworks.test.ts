import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSparekey, sparekeyErrorOf } from '../../src/index.ts'
import { startSimulator } from '../../src/simulator/index.ts'
import { LIBRARY_SNIPPETS, needsFramework, tryLibrarySnippet } from '../support/library-snippets.ts'

/** Frameworks over the library, installed by scripts/install-frameworks.sh into SPAREKEY_TEST_FRAMEWORKS. */
const FRAMEWORKS = resolve(process.env['SPAREKEY_TEST_FRAMEWORKS'] ?? 'SPAREKEY_TEST_FRAMEWORKS is not set')

it('the frameworks are installed', () => {
  expect(existsSync(join(FRAMEWORKS, 'node_modules')), FRAMEWORKS).toBe(true)
  const { version } = JSON.parse(readFileSync(join(FRAMEWORKS, 'node_modules/@mastra/core/package.json'), 'utf8')) as {
    version: string
  }
  expect(version).toMatch(/^1\./)
})

it.each(LIBRARY_SNIPPETS.filter(([, text]) => needsFramework(text)))(
  '%s: runs as it stands, past an empty account',
  (_about, text) => tryLibrarySnippet(text, FRAMEWORKS),
)

/** What is used of them. */
interface Classes {
  readonly ChatOpenAI: new (options: object) => { invoke(text: string): Promise<unknown> }
  readonly ChatAnthropic: new (options: object) => { invoke(text: string): Promise<unknown> }
  readonly Agent: new (options: object) => { generate(text: string): Promise<unknown> }
}

async function load<Name extends keyof Classes>(module: string, name: Name): Promise<Classes[Name]> {
  const path = createRequire(join(FRAMEWORKS, 'package.json')).resolve(module)
  return ((await import(pathToFileURL(path).href)) as Classes)[name]
}

type Opened = Awaited<ReturnType<typeof createSparekey>>

const ASKING: Readonly<Record<string, readonly [provider: string, ask: (sparekey: Opened) => Promise<unknown>]>> = {
  'LangChain, OpenAI': [
    'openai',
    async (sparekey) => {
      const ChatOpenAI = await load('@langchain/openai', 'ChatOpenAI')
      const configuration = { fetch: sparekey.fetch('openai') }
      return new ChatOpenAI({ model: 'gpt-5.5', apiKey: 'unused', configuration }).invoke('hello')
    },
  ],
  'LangChain, Anthropic': [
    'anthropic',
    async (sparekey) => {
      const ChatAnthropic = await load('@langchain/anthropic', 'ChatAnthropic')
      const clientOptions = { fetch: sparekey.fetch('anthropic') }
      return new ChatAnthropic({ model: 'claude-sonnet-5', apiKey: 'unused', clientOptions }).invoke('hello')
    },
  ],
  Mastra: [
    'openai',
    async (sparekey) => {
      const Agent = await load('@mastra/core/agent', 'Agent')
      const model = sparekey.languageModel('gpt-5.5')
      return new Agent({ id: 'a', name: 'a', instructions: 'Answer.', model }).generate('hello')
    },
  ],
}

describe('when nobody can answer, a framework with its own retries on asks once and tells why', () => {
  it.each(Object.entries(ASKING))('%s', async (_framework, [provider, ask]) => {
    const error = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 9_000 }
    const empty = { steps: [{ kind: 'failed' as const, error }] }
    const credentials = { 'tok-a': empty, 'tok-b': empty }
    const upstream = await startSimulator({ scenario: { name: 'x', description: '', credentials } })
    const sparekey = await createSparekey({
      store: 'memory',
      providers: { [provider]: { baseUrl: `${upstream.url}/v1` } },
      credentials: Object.keys(credentials).map((token) => ({ provider, label: token, secret: token })),
    })
    onTestFinished(async () => void (await Promise.all([sparekey.close(), upstream.close()])))
    let calls = 0
    sparekey.on('call_ended', () => (calls += 1))
    const thrown: unknown = await ask(sparekey).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(sparekeyErrorOf(thrown)).toMatchObject({ label: 'quota_exhausted', attempts: [{}, {}] })
    expect([calls, upstream.requests.length]).toEqual([1, 2])
  })
})
