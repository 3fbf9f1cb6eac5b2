import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../support/cli.ts'
import { configFor, loginServer } from '../support/login-world.ts'

/** Profiles were cloned with their refresh tokens: the clone's first refresh revoked the original (100339, 100389). Nothing here copies one unasked. */
it('a backup of logins says what a second home with them would do', async () => {
  const simulator = await loginServer()
  const [one, other] = [commandLine({ P: 'a long passphrase' }), commandLine({ P: 'a long passphrase' })]
  for (const { home } of [one, other]) writeFileSync(join(home, 'config.yaml'), configFor(simulator))
  await one.run(['auth', 'login', 'openai-codex', '--label', 'work'])
  const file = join(one.home, 'all.backup')
  expect((await one.run(['auth', 'export', file, '--passphrase-env', 'P'])).exit).toBe(0)
  const back = await other.run(['auth', 'import', 'backup', file, '--passphrase-env', 'P'])
  expect(back.exit).toBe(0)
  expect(back.err.replaceAll('\n', ' ')).toMatch(/share their refresh tokens .*one of the two only/)
  // Taking the backup spent nothing: the original goes on.
  expect((await one.run(['auth', 'refresh', 'openai-codex'])).exit).toBe(0)
})
