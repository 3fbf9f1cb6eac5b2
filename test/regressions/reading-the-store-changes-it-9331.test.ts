import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../support/cli.ts'

/** hermes-agent 9331: a set environment variable made the loader delete stored entries. */
it('listing with other variables set changes no byte of the store', async () => {
  const line = commandLine({ OPENAI_API_KEY: 'sk-first-of-the-environment' })
  await line.run(['auth', 'add', 'openai', '--api-key-stdin', '--label', 'kept'], 'sk-kept-as-it-is')
  await line.run(['auth', 'add', 'openai', '--api-key-env', 'OPENAI_API_KEY'])
  const digest = () =>
    createHash('sha256')
      .update(readFileSync(join(line.home, 'state.db')))
      .digest('hex')
  const before = digest()
  for (const words of [
    ['auth', 'list'],
    ['auth', 'status'],
    ['status'],
    ['auth', 'import', 'env', '--dry-run'],
    ['key', 'status'],
  ])
    await line.run(words)
  expect(digest()).toBe(before)
})
