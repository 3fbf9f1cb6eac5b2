import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { startSimulator } from '../simulator/index.ts'
import { createFetch, SparekeyError } from './index.ts'

const URL_OF_SDK = 'https://api.openai.com/v1/responses'
const INIT = { method: 'POST', body: JSON.stringify({ model: 'gpt-5.5', input: 'hello' }) }

async function homeWithOneKey() {
  const simulator = await startSimulator({ scenario: { name: 'x', description: '', credentials: { 'tok-a': {} } } })
  onTestFinished(() => simulator.close())
  const home = temporaryHome()
  const text = `providers: { openai: { baseUrl: "${simulator.url}/v1" } }\n`
  writeFileSync(join(home, 'config.yaml'), text)
  const credentials = [{ provider: 'openai', label: 'a', secret: 'tok-a' }]
  return { simulator, home, credentials, text }
}

describe('createFetch', () => {
  it('opens its home at the first call, once', async () => {
    const { simulator, home, credentials } = await homeWithOneKey()
    const fetch = createFetch({ home, credentials })
    onTestFinished(() => fetch.close())
    expect(existsSync(join(home, 'state.db'))).toBe(false)
    // The credential could be added only once: a second opening would be refused.
    const answers = await Promise.all([fetch(URL_OF_SDK, INIT), fetch(URL_OF_SDK, INIT)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(existsSync(join(home, 'state.db'))).toBe(true)
    expect(simulator.hits('tok-a')).toBe(2)
  })

  it('lists models, and asks the provider it was made for', async () => {
    const { home, credentials } = await homeWithOneKey()
    const fetch = createFetch({ home, credentials, provider: 'openai' })
    onTestFinished(() => fetch.close())
    expect((await fetch('https://api.openai.com/v1/models')).status).toBe(200)
    expect((await fetch(URL_OF_SDK, INIT)).headers.get('x-sparekey-route')).toBe('openai/gpt-5.5')
  })

  it('answers what is wrong with its home, throws it where that is asked for, and tries again at the next call', async () => {
    const { home, credentials, text } = await homeWithOneKey()
    writeFileSync(join(home, 'config.yaml'), 'listn: 1\n')
    const fetch = createFetch({ home, credentials })
    onTestFinished(() => fetch.close())
    const answer = await fetch(URL_OF_SDK, INIT)
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([500, 'false'])
    expect(await answer.text()).toContain('did you mean \\"listen\\"')
    await expect(fetch.open()).rejects.toMatchObject({ code: 'config_invalid', problems: [{ key: 'listn' }] })
    writeFileSync(join(home, 'config.yaml'), text)
    expect((await fetch(URL_OF_SDK, INIT)).status).toBe(200)
  })

  it('knows its provider only when it is open', async () => {
    const fetch = createFetch({ store: 'memory', provider: 'opnai', givenUp: 'throw' })
    await expect(fetch.open()).rejects.toThrow('"opnai" is not a provider')
    await expect(fetch(URL_OF_SDK, INIT)).rejects.toSatisfy((error) => SparekeyError.isInstance(error))
  })

  it('closes what was opened, and only once; then it is closed', async () => {
    const unused = createFetch({ store: 'memory' })
    await unused.close()
    await expect(unused.open()).rejects.toMatchObject({ code: 'closed' })
    const { home, credentials } = await homeWithOneKey()
    const fetch = createFetch({ home, credentials })
    await fetch.open()
    await Promise.all([fetch.close(), fetch.close()])
    expect((await fetch(URL_OF_SDK, INIT)).status).toBe(500)
    // Nothing of it holds the home.
    const next = createFetch({ home })
    expect((await next(URL_OF_SDK, INIT)).status).toBe(200)
    await next.close()
  })
})
