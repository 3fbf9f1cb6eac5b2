import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { startSimulator } from '../../src/simulator/index.ts'
import { fromCheckout, runSnippet } from './run-snippet.ts'
import { homeWith } from './sqlite-home.ts'

const PAGE = readFileSync(fileURLToPath(new URL('../../docs/library.md', import.meta.url)), 'utf8')

/** The examples of the library's page: what each is about, and its text. */
export const LIBRARY_SNIPPETS: ReadonlyArray<readonly [about: string, text: string]> = [
  ...PAGE.matchAll(/```ts\n([\s\S]*?)```/g),
].map(([, text = '']) => [[...text.matchAll(/from '([^']+)'/g)].map(([, module]) => module).join(' and '), text])

/** Frameworks are too heavy to be installed with the checkout: scripts/install-frameworks.sh. */
export const needsFramework = (text: string): boolean => /from '@(langchain|mastra)\//.test(text)

const ERROR = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 9_000 }
const EMPTY = { steps: [{ kind: 'failed' as const, error: ERROR }] }

/** Runs an example as it stands, on a home whose first account is empty. @param among see `runSnippet` */
export async function tryLibrarySnippet(text: string, among?: string): Promise<void> {
  const provider = /from '@(anthropic|langchain\/anthropic)/.test(text) ? 'anthropic' : 'openai'
  const givesUp = text.includes('sparekeyErrorOf(')
  const credentials = { 'tok-a': EMPTY, 'tok-b': givesUp ? EMPTY : {} }
  const upstream = await startSimulator({ scenario: { name: 'docs', description: '', credentials } })
  onTestFinished(() => upstream.close())
  const home = await homeWith(provider, Object.keys(credentials))
  writeFileSync(join(home, 'config.yaml'), `providers: { ${provider}: { baseUrl: "${upstream.url}/v1" } }\n`)
  const { PATH = '', NODE_OPTIONS = '' } = process.env
  const variables = { PATH, NODE_OPTIONS, SPAREKEY_HOME: home, HOME: home }
  const { exit, said } = await runSnippet(fromCheckout(text), variables, among)
  const callsNobody = text.includes('classify(')
  expect(said).toMatch(
    callsNobody
      ? /^quota_exhausted credential 13872000$/m
      : givesUp
        ? /^quota_exhausted Wait for the reset.* [89]\d{6} 2$/m
        : /The answer is 42\./,
  )
  // The program ends by itself: nothing of ours keeps it.
  expect(exit).toBe(0)
  expect(upstream.hits('tok-b')).toBe(callsNobody ? 0 : 1)
}
