import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { SeenOAuthRequest } from '../../src/simulator/index.ts'
import { commandLine } from '../support/cli.ts'
import { configFor, loginServer } from '../support/login-world.ts'
import { temporaryHome } from '../support/temporary-home.ts'

const CLIENTS = process.env['SPAREKEY_TEST_CLIENTS'] ?? ''

/** What a request says, without what must differ from login to login. */
function shapeOf({ method, path, headers, fields, status }: SeenOAuthRequest) {
  const secret = /^(?:code|code_verifier|device_auth_id|user_code)$/
  return {
    method,
    path,
    status,
    type: headers['content-type'],
    fields: Object.entries(fields).map(([name, value]) => [name, secret.test(name) ? '...' : value]),
  }
}

function realCodexLogin(home: string, issuer: string): Promise<number | null> {
  const codexHome = join(home, 'codex')
  mkdirSync(codexHome)
  const program = join(CLIENTS, 'node_modules', '.bin', 'codex')
  const child = spawn(program, ['login', '--device-auth', '--experimental_issuer', issuer], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      CODEX_HOME: codexHome,
      TERM: 'dumb',
      no_proxy: '127.0.0.1',
    },
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
}

it('the Codex CLI and ours send the same device login, and its file can be imported and stays as it is', async () => {
  const simulator = await loginServer({ approval: { afterPolls: 1 } })
  const theirHome = temporaryHome()
  expect(await realCodexLogin(theirHome, simulator.url)).toBe(0)
  const theirs = simulator.oauthRequests.map(shapeOf)
  expect(theirs).toHaveLength(4)

  const { run, home } = commandLine()
  writeFileSync(join(home, 'config.yaml'), configFor(simulator))
  expect(await run(['auth', 'login', 'openai-codex', '--device'])).toMatchObject({ exit: 0 })
  expect(simulator.oauthRequests.slice(theirs.length).map(shapeOf)).toEqual(theirs)

  const file = join(theirHome, 'codex', 'auth.json')
  const before = readFileSync(file, 'utf8')
  const imported = await run(['auth', 'import', 'codex', file, '--json'])
  expect(imported.json()).toMatchObject({
    refresh_tokens: 'left',
    credentials: [{ provider: 'openai-codex', label: 'ada@example.org', outcome: 'added' }],
  })
  expect(readFileSync(file, 'utf8')).toBe(before)
})
