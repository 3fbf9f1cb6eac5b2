import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryHome } from '../test/support/temporary-home.ts'
import { createSparekey, type SparekeyOptions, type TelemetryEvent } from './index.ts'
import { startSimulator } from './simulator/index.ts'

const SECRET = 'planted-secret-1234'

async function open(options: SparekeyOptions) {
  const sparekey = await createSparekey(options)
  onTestFinished(() => sparekey.close())
  return sparekey
}

describe('createSparekey', () => {
  it('serves calls with credentials that were only given to it', async () => {
    const simulator = await startSimulator({
      scenario: { name: 'good', description: 'answers', credentials: { [SECRET]: {} } },
    })
    onTestFinished(() => simulator.close())
    const home = temporaryHome()
    const sparekey = await open({
      home,
      store: 'memory',
      providers: { lab: { type: 'openai-compatible', baseUrl: `${simulator.url}/v1`, wire: 'chat-completions' } },
      credentials: [{ provider: 'lab', label: 'mine', secret: SECRET }],
    })
    const attempts: TelemetryEvent[] = []
    sparekey.on('attempt_succeeded', (event) => attempts.push(event))
    const gateway = await sparekey.serve({ port: 0 })
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'lab/m', messages: [{ role: 'user', content: 'hello' }] }),
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-sparekey-credential')).toBe('mine')
    expect(attempts).toHaveLength(1)
    expect(JSON.stringify([...answer.headers, attempts])).not.toContain(SECRET)
    expect(existsSync(join(home, 'state.db'))).toBe(false)
  })

  it('gives a fetch that asks the named provider first, then the fallback; what it learns the gateway knows', async () => {
    const quota = { type: 'usage_limit_reached', message: 'The usage limit has been reached', resets_in_seconds: 9_000 }
    const [lab, spare] = await Promise.all(
      [{ [SECRET]: { steps: [{ kind: 'failed' as const, error: quota }] } }, { 'key-spare': {} }].map((credentials) =>
        startSimulator({ scenario: { name: 'x', description: '', credentials } }),
      ),
    )
    onTestFinished(async () => void (await Promise.all([lab?.close(), spare?.close()])))
    const home = temporaryHome()
    writeFileSync(
      join(home, 'config.yaml'),
      `providers:
  openai: { baseUrl: "${lab?.url}/v1" }
  spare: { type: openai-compatible, wire: responses, baseUrl: "${spare?.url}/v1" }
fallback: [spare/other-model]
`,
    )
    const sparekey = await open({
      home,
      credentials: [
        { provider: 'openai', label: 'mine', secret: SECRET },
        { provider: 'spare', label: 'second', secret: 'key-spare' },
      ],
    })
    const body = JSON.stringify({ model: 'gpt-5.5', input: 'hello' })
    const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } }
    const answer = await sparekey.fetch('openai')('https://api.openai.com/v1/responses', init)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-sparekey-fallback')).toBe('quota_exhausted')
    expect(spare?.requests[0]).toMatchObject({ model: 'other-model' })
    expect(lab?.hits(SECRET)).toBe(1)
    const gateway = await (await open({ home })).serve({ port: 0 })
    expect((await fetch(`${gateway.url}/v1/responses`, init)).status).toBe(200)
    expect(lab?.hits(SECRET)).toBe(1)
    expect(() => sparekey.fetch('opnai')).toThrow('"opnai" is not a provider')
  })

  it.each<[string, SparekeyOptions, string]>([
    ['a wrong provider setting', { providers: { openai: { baseUrl: 'ftp://x' } } }, 'must be a URL'],
    ['an unknown type', { providers: { lab: { type: 'opnai' } } }, 'did you mean "openai"?'],
    ['a credential for nobody', { credentials: [{ provider: 'opnai', label: 'a', secret: SECRET }] }, 'credentials[0]'],
  ])('refuses %s, without repeating secrets', async (_name, options, said) => {
    const opened = createSparekey({ home: temporaryHome(), store: 'memory', ...options })
    await expect(opened).rejects.toMatchObject({ name: 'SparekeyConfigError' })
    await expect(opened).rejects.toThrow(said)
    await expect(opened).rejects.not.toThrow(SECRET)
  })

  it('tells every problem of the home it opens, and leaves the file as it is', async () => {
    const home = temporaryHome()
    writeFileSync(join(home, 'config.yaml'), 'listn: 1\nlimits: { idleMs: soon }\n')
    await expect(createSparekey({ home })).rejects.toMatchObject({
      problems: [
        { line: 2, key: 'limits.idleMs' },
        { line: 1, nearest: 'listen' },
      ],
    })
    expect(existsSync(join(home, 'state.db'))).toBe(false)
  })

  it('shares its home with the command line', async () => {
    const home = temporaryHome()
    const first = await createSparekey({ home, credentials: [{ provider: 'openai', label: 'a', secret: SECRET }] })
    await first.close()
    const second = createSparekey({ home, credentials: [{ provider: 'openai', label: 'a', secret: SECRET }] })
    await expect(second).rejects.toMatchObject({ code: 'duplicate_label' })
  })
})
