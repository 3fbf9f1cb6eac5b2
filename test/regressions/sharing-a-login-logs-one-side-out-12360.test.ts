import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../support/cli.ts'
import { configFor, loginServer } from '../support/login-world.ts'

/**
 * Two programs that share `~/.codex` (12360, 7806, 22903, 5612, 11364, 6907) or the login of the Claude CLI (103978) have one refresh token
 * between them; whoever used it logged the other out.
 */
it('a borrowed login is read, never renewed and never written; only who asks for it takes the refresh token', async () => {
  const simulator = await loginServer()
  const { home, run } = commandLine()
  writeFileSync(join(home, 'config.yaml'), configFor(simulator))
  const account = simulator.oauth?.accounts[0]
  if (account === undefined) throw new Error('nobody lives here')
  const issued = simulator.oauth?.tokens.begin(account, 'codex', '')
  const path = join(home, '.codex/auth.json')
  mkdirSync(join(home, '.codex'))
  writeFileSync(path, JSON.stringify({ tokens: { ...issued, account_id: account.accountId } }))
  const before = [readFileSync(path, 'utf8'), statSync(path).mtimeMs]
  expect((await run(['auth', 'import', 'codex'])).exit).toBe(0)
  const refused = await run(['auth', 'refresh', 'openai-codex'])
  expect(refused.exit).toBe(1)
  expect(refused.err).toContain('sparekey auth login openai-codex')
  expect(simulator.oauthRequests).toEqual([])
  // The other program can still use what it has.
  const taken = await run(['auth', 'import', 'codex', '--take-refresh-token'])
  expect(taken.err.replaceAll('\n', ' ')).toContain('logs the other program out')
  expect((await run(['auth', 'refresh', 'openai-codex'])).exit).toBe(0)
  expect(simulator.oauth?.tokens.refresh(issued?.refresh_token ?? '')).toEqual({ refused: 'reused' })
  expect([readFileSync(path, 'utf8'), statSync(path).mtimeMs]).toEqual(before)
})
