import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../support/cli.ts'
import { leapingPlatform } from '../support/leaping-platform.ts'
import { deviceLogin } from '../../src/oauth/device-code.ts'
import { chatgptAt, loginServer, loginTools } from '../support/login-world.ts'

/** Every installation of a program shares one client id: when too many sign in, the authorization server throttles them all (36269). */
it('a throttled login waits as told, says what helps, and the client id is configurable', async () => {
  const busy = { at: 'usercode', does: { kind: 'status', status: 429, headers: { 'retry-after': '7' } } } as const
  const platform = leapingPlatform()
  const simulator = await loginServer({ approval: 'at_once', faults: [{ ...busy, times: 99 }] }, platform)
  const outcome = await deviceLogin(chatgptAt(simulator), loginTools(platform), () => undefined)
  expect(outcome).toMatchObject({ ok: false, problem: { kind: 'throttled' } })
  expect(JSON.stringify(outcome)).toContain('client id of your own')
  expect(platform.pausesMs).toEqual([7_000, 7_000, 7_000])
  const own = await loginServer({ approval: 'at_once' })
  const { home, run } = commandLine()
  const oauth = { issuer: own.url, clientId: 'a-client-of-mine', callbackPorts: [0] }
  writeFileSync(
    join(home, 'config.yaml'),
    `providers:\n  openai-codex: ${JSON.stringify({ baseUrl: `${own.url}/backend-api/codex`, oauth })}\n`,
  )
  expect((await run(['auth', 'login', 'openai-codex'])).exit).toBe(0)
  expect((await run(['auth', 'refresh', 'openai-codex'])).exit).toBe(0)
  const ids = own.oauthRequests.flatMap(({ fields }) => fields['client_id'] ?? [])
  expect(ids.length).toBeGreaterThanOrEqual(3)
  expect(new Set(ids)).toEqual(new Set(['a-client-of-mine']))
})
