import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../support/cli.ts'
import { configFor, loginServer } from '../support/login-world.ts'

/** A login whose tokens were gone stood in the pool as dead for ever; and requests without a proper user agent got 429 (58096). */
describe('a login without tokens is no login', () => {
  it.each([
    ['import', { tokens: { access_token: '', refresh_token: 'rt' } }],
    ['import', { tokens: { refresh_token: 'rt' } }],
    ['import', { tokens: { access_token: 'two words', refresh_token: 'rt' } }],
  ])('%s of %j adds nothing', async (_what, content) => {
    const { home, run } = commandLine()
    const path = join(home, 'auth.json')
    writeFileSync(path, JSON.stringify(content))
    expect((await run(['auth', 'import', 'codex', path])).exit).not.toBe(0)
    expect((await run(['auth', 'list'])).exit).toBe(3)
  })

  it('an authorization server that answers without a token leaves nothing behind', async () => {
    const simulator = await loginServer({
      approval: 'at_once',
      faults: [{ at: 'exchange', does: { kind: 'status', status: 200, body: { refresh_token: 'rt' } } }],
    })
    const { home, run } = commandLine()
    writeFileSync(join(home, 'config.yaml'), configFor(simulator))
    expect((await run(['auth', 'login', 'openai-codex'])).exit).not.toBe(0)
    expect((await run(['auth', 'list'])).exit).toBe(3)
    for (const { headers } of simulator.oauthRequests) expect(headers['user-agent']).toMatch(/^sparekey\/\d/)
  })
})
