import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createFetch } from '../../src/fetch/index.ts'
import { createSparekey, type SparekeyFetch } from '../../src/index.ts'
import { startSimulator } from '../../src/simulator/index.ts'
import { requestBody } from '../support/client.ts'
import { served } from '../support/served.ts'
import { homeWith } from '../support/sqlite-home.ts'

/**
 * A gateway in a process of its own and programs with the library, all on one home. Each is asked right after another has learnt something:
 * less than the 100 ms in which a verdict must be seen, and no clock is needed to say so.
 */

const QUOTA = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 13_872 }
const EMPTY = { steps: [{ kind: 'failed' as const, error: QUOTA }] }
const INIT = { method: 'POST', body: JSON.stringify(requestBody('responses', false)) }

async function oneHome() {
  const tokens = ['tok-a', 'tok-b', 'tok-c']
  const credentials: Record<string, typeof EMPTY | object> = { 'tok-a': EMPTY, 'tok-b': {}, 'tok-c': {} }
  const upstream = await startSimulator({ scenario: { name: 'x', description: '', credentials } })
  onTestFinished(() => upstream.close())
  const home = await homeWith('openai', tokens)
  const gateway = await served(home, { openai: `${upstream.url}/v1` })
  writeFileSync(join(home, 'config.yaml'), `providers: { openai: { baseUrl: "${upstream.url}/v1" } }\n`)
  const sparekey = await createSparekey({ home })
  const alone = createFetch({ home })
  await alone.open()
  onTestFinished(async () => {
    await Promise.all([sparekey.close(), alone.close()])
    gateway.process.kill('SIGTERM')
    expect(await gateway.ended()).toBe(0)
  })
  const surfaces: Record<string, SparekeyFetch> = {
    gateway: (_path, init) => fetch(`${gateway.url}/v1/responses`, init),
    library: sparekey.fetch('openai'),
    'sparekey/fetch': alone,
  }
  const ask = async (surface: string) => {
    const answer = await surfaces[surface]?.('http://x.invalid/v1/responses', INIT)
    await answer?.arrayBuffer()
    return [answer?.status, answer?.headers.get('x-sparekey-credential')]
  }
  return { upstream, ask }
}

describe('one home, a gateway and programs with the library', () => {
  it.each([
    ['library', ['gateway', 'sparekey/fetch']],
    ['gateway', ['library', 'sparekey/fetch']],
    ['sparekey/fetch', ['library', 'gateway']],
  ])(
    'what %s learns, the others know at once',
    async (first, others) => {
      const { upstream, ask } = await oneHome()
      // Everybody has looked at the pool before, so that nobody sees it for the first time.
      upstream.use({ name: 'x', description: '', credentials: { 'tok-a': {}, 'tok-b': {}, 'tok-c': {} } })
      for (const surface of [first, ...others]) expect(await ask(surface)).toEqual([200, 'tok-a'])
      const before = upstream.hits('tok-a')
      upstream.use({ name: 'x', description: '', credentials: { 'tok-a': EMPTY, 'tok-b': {}, 'tok-c': {} } })
      expect(await ask(first)).toEqual([200, 'tok-b'])
      for (const surface of others) expect(await ask(surface)).toEqual([200, 'tok-b'])
      expect(upstream.hits('tok-a')).toBe(before + 1)
      // And the other way: what the last one learns, the first one knows.
      upstream.use({ name: 'x', description: '', credentials: { 'tok-a': EMPTY, 'tok-b': EMPTY, 'tok-c': {} } })
      expect(await ask(others[1] ?? '')).toEqual([200, 'tok-c'])
      for (const surface of [first, ...others]) expect(await ask(surface)).toEqual([200, 'tok-c'])
      expect(upstream.hits('tok-a')).toBe(before + 1)
    },
    90_000,
  )
})
