import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { createSparekey } from '../../src/create-sparekey.ts'
import { type Scenario, startSimulator } from '../../src/simulator/index.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { ask, PATHS } from '../support/client.ts'
import { startWorld, type World } from '../support/world.ts'

/** Requests and pools that are odd but not wrong, and the one that is wrong only for a provider that must rewrite it. */

const worlds: World[] = []
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()))
})

function scenario(token: string): Scenario {
  return { name: 'odd', description: '', credentials: { [token]: {} } }
}

async function begin(options: Parameters<typeof startWorld>[0]): Promise<World> {
  const world = await startWorld(options)
  worlds.push(world)
  return world
}

describe('a route that renames the model', () => {
  it.each(['responses', 'chat-completions', 'messages'] as const)(
    'changes the name and no other byte (%s)',
    async (wire) => {
      const bodies: string[] = []
      const upstream = createServer((request, response) => {
        let body = ''
        request.setEncoding('utf8').on('data', (part: string) => {
          body += part
        })
        request.on('end', () => {
          bodies.push(body)
          response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"not today"}}')
        })
      })
      await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => void upstream.close())
      const baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`
      const world = await begin({ sides: [{ provider: 'openrouter', scenario: scenario('key-1'), baseUrl }] })
      const rest = '"messages" : [{"role":"user","content":"hä?"}], "seed":18446744073709551615, "top_p":1.0'
      await fetch(world.gateway.url + PATHS[wire], { method: 'POST', body: `{ "model" : "other", ${rest} }` })
      expect(bodies).toEqual([`{ "model" : "gpt-5.5", ${rest} }`])
    },
  )
})

describe('a body nested too deeply to be written anew', () => {
  it('is told as the fault of the request, and nobody is asked', async () => {
    const world = await begin({ sides: [{ provider: 'openai-codex', scenario: scenario('tok-a') }] })
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const response = await fetch(world.gateway.url + PATHS.responses, {
      method: 'POST',
      body: `{"model":"gpt-5.5","input":${deep}}`,
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { message: 'the request body is nested too deeply', type: 'invalid_request_error', code: 'invalid_body' },
    })
    expect(world.simulators[0]?.requests).toEqual([])
    expect(await ask(world.gateway.url, 'responses', false)).toMatchObject({ status: 200, ending: 'complete' })
  })
})

describe('a credential whose environment variable is not set', () => {
  it.each([false, true])(
    'is told as what it is; another route is used if there is one (stream: %s)',
    async (stream) => {
      const store = await openStore({ kind: 'memory' }, systemPlatform)
      await store.addCredential(
        {
          id: 'cred_env',
          provider: 'openai',
          label: 'from-env',
          type: 'api-key',
          source: { kind: 'env', variable: 'SPAREKEY_TEST_NOT_SET' },
          fingerprint: 'f',
        },
        0,
      )
      const side = { provider: 'openai', scenario: scenario('unused'), tokens: [] } as const
      const alone = await begin({ sides: [side], store })
      const reading = await ask(alone.gateway.url, 'responses', stream)
      expect(reading).toMatchObject({ status: 503, ending: 'error', error: { code: 'no_credential' } })
      expect(reading.error?.['message']).toContain('1 whose key (a variable, file or command)')
      expect(reading.headers.get('x-should-retry')).toBe('false')

      const next = { provider: 'openrouter', scenario: scenario('key-1') } as const
      const chained = await begin({ sides: [side, next], store })
      const rescued = await ask(chained.gateway.url, 'responses', stream)
      expect(rescued).toMatchObject({ status: 200, ending: 'complete' })
      expect(rescued.headers.get('x-sparekey-fallback')).toBe('no_credential')
    },
  )
})

it('a model whose name no header can carry is served, and the name is told as far as it can be', async () => {
  const simulator = await startSimulator({
    scenario: { name: 'x', description: '', credentials: { 'tok-a': { steps: [{ kind: 'answer', text: 'well' }] } } },
  })
  const sparekey = await createSparekey({
    store: 'memory',
    providers: { local: { type: 'openai-compatible', wire: 'chat-completions', baseUrl: `${simulator.url}/v1` } },
    credentials: [{ provider: 'local', label: 'a', secret: 'tok-a' }],
  })
  onTestFinished(async () => {
    await sparekey.close()
    await simulator.close()
  })
  const gateway = await sparekey.serve({ port: 0 })
  for (const ask of [fetch, sparekey.fetch()]) {
    const answer = await ask(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'local/模型', messages: [{ role: 'user', content: 'hello' }] }),
    })
    expect([answer.status, answer.headers.get('x-sparekey-route')]).toEqual([200, 'local/??'])
    expect(await answer.text()).toContain('well')
  }
})
