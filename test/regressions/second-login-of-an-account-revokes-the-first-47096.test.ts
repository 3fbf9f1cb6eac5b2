import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemPlatform } from '../../src/platform/platform.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { commandLine } from '../support/cli.ts'
import { configFor, loginServer } from '../support/login-world.ts'

/** Some providers end an account's older grant with the newer one: a second credential for it killed the first, and nobody said why. */
it('adding an account that is here already says so, and leaves one credential with the living login (47096)', async () => {
  const accounts = [{ email: 'ada@example.org', accountId: 'acct-ada', userId: 'user-ada' }]
  const simulator = await loginServer({ approval: 'at_once', accounts })
  const { home, run } = commandLine()
  writeFileSync(join(home, 'config.yaml'), configFor(simulator))
  await run(['auth', 'login', 'openai-codex', '--label', 'work'])
  simulator.oauth?.tokens.invalidate('acct-ada')
  const again = await run(['auth', 'login', 'openai-codex', '--label', 'spare'])
  expect(again.out).toContain('replaced the login of "work": it is the same account')
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  const { credentials } = await store.snapshot()
  const secret = await store.readSecret(credentials[0]?.id ?? '')
  await store.close()
  expect(credentials).toMatchObject([{ label: 'work', generation: 2 }])
  expect(simulator.oauth?.judge(secret?.token ?? '').verdict).toBe('valid')
})
