import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadSqlite } from '../../src/stores/sqlite-driver.ts'
import { commandLine } from '../support/cli.ts'

/** hermes-agent 108671, 111724: a store that one profile could not read failed closed for every provider. */
it('an altered secret is told, and the others are listed', async () => {
  const line = commandLine()
  await line.run(['auth', 'add', 'openai', '--api-key-stdin', '--label', 'spoilt'], 'sk-to-be-spoilt')
  await line.run(['auth', 'add', 'anthropic', '--api-key-stdin', '--label', 'fine'], 'sk-fine')
  const { DatabaseSync } = await loadSqlite()
  const database = new DatabaseSync(join(line.home, 'state.db'))
  database.exec(
    "UPDATE secrets SET envelope = zeroblob(90) WHERE credential_id = (SELECT id FROM credentials WHERE label = 'spoilt')",
  )
  database.close()
  const run = await line.run(['auth', 'status', '--json'])
  expect(run.exit).toBe(0)
  expect(run.json()).toMatchObject({
    logins: [
      { label: 'fine', status: 'ready' },
      { label: 'spoilt', status: 'unreadable' },
    ],
  })
  expect((await line.run(['auth', 'status'])).err).toContain('add the credential again')
  expect((await line.run(['auth', 'list'])).exit).toBe(0)
})
