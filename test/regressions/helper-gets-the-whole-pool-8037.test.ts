import { expect, it } from 'vitest'
import { runSecretCommand } from '../../src/platform/run-secret-command.ts'
import { relayBefore } from '../support/relay-fixtures.ts'
import { requestOf, testPool } from '../support/pool-fixtures.ts'

/** A sub-agent was handed all credentials of the pool (8037, 8057). Whoever works here has the right to one credential for one attempt. */
it('a lease opens its own secret and holds nobody else’s', async () => {
  const { pool } = await testPool(['a', 'b', 'c'])
  const acquired = await pool.acquire(requestOf())
  if (acquired.kind === 'nothing') throw new Error('nothing to lend')
  const { lease } = acquired
  expect(await lease.secret()).toEqual({ token: 'sk-secret-of-a' })
  expect(JSON.stringify({ lease, why: lease.choice })).not.toContain('sk-secret-of')
  await lease.release()
})

it('an upstream sees the one key of its attempt, in no place another', async () => {
  const relay = await relayBefore({
    routes: [
      {
        provider: 'openai',
        tokens: [
          { label: 'a', secret: { token: 'sk-one-of-the-pool' } },
          { label: 'b', secret: { token: 'sk-two-of-the-pool' } },
        ],
      },
    ],
    answer: ({ token }) =>
      token === 'sk-one-of-the-pool'
        ? { status: 429, body: { error: { code: 'insufficient_quota', message: 'quota' } } }
        : 'good',
  })
  const got = await relay.call()
  expect(relay.tokens()).toEqual(['sk-one-of-the-pool', 'sk-two-of-the-pool'])
  expect(JSON.stringify(got.headers) + got.text).not.toMatch(/sk-(one|two)/)
})

it('a program that is started for a key does not get what opens the others', async () => {
  const before = process.env['SPAREKEY_KEY']
  process.env['SPAREKEY_KEY'] = 'ab'.repeat(32)
  try {
    const script = 'process.stdout.write(JSON.stringify(process.env))'
    const outcome = await runSecretCommand([process.execPath, '-e', script])
    expect(outcome.kind).toBe('said')
    expect(JSON.stringify(outcome)).not.toContain('abababab')
  } finally {
    if (before === undefined) delete process.env['SPAREKEY_KEY']
    else process.env['SPAREKEY_KEY'] = before
  }
})
