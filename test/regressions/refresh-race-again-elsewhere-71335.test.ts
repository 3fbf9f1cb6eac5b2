import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { systemEnvironment } from '../../src/platform/environment.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { loggedInHome } from '../support/logged-in-home.ts'
import { loginServer } from '../support/login-world.ts'
import { join } from 'node:path'

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))

/** The refresh that had been mended was written a second time for another kind of login, with the old race in it (71335, 71715). */
it('one file sends refresh tokens, and only the refresher calls it', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('simulator'))
    .map((name) => ({ name: name.replaceAll('\\', '/'), text: readFileSync(join(SOURCE, name), 'utf8') }))
  const holding = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ name }) => name)
  expect(holding(/grant_type: 'refresh_token'|refreshTokenGrant/)).toEqual(['oauth/ask-refresh.ts'])
  expect(holding(/\baskRefresh\(/).sort()).toEqual(['oauth/ask-refresh.ts', 'runtime/make-refresher.ts'])
})

it('calls and commands that want newer tokens at the same moment share one POST', async () => {
  const simulator = await loginServer({
    accounts: [{ email: 'ada@example.org', accountId: 'acct-ada', userId: 'user-ada' }],
    tokenLifetimeMs: 3_600_000,
  })
  const { home, open } = await loggedInHome(simulator)
  const loaded = await loadConfig(join(home, 'config.yaml'), systemEnvironment, {})
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  const parts = { config: loaded.config, platform: systemPlatform, environment: systemEnvironment }
  const runtimes = [new Runtime({ ...parts, store: await open() }), new Runtime({ ...parts, store: await open() })]
  const renewals = await Promise.all(
    runtimes.flatMap((runtime) =>
      [false, true, false].map(async (force) => {
        const [described] = await runtime.pool.describe('openai-codex')
        if (described === undefined) throw new Error('no login')
        return runtime.refresher.renew(described.credential, 1, { ms: 20_000, force })
      }),
    ),
  )
  expect(new Set(renewals.map((each) => `${each.kind} ${each.kind === 'renewed' && each.generation}`))).toEqual(
    new Set(['renewed 2']),
  )
  expect(simulator.oauthRequests).toHaveLength(1)
  for (const runtime of runtimes) await runtime.close()
})
