import { spawn } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../test/support/cli.ts'
import { ask } from '../../test/support/client.ts'
import { configFor, loginServer } from '../../test/support/login-world.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { createSparekey } from '../create-sparekey.ts'
import { systemPlatform } from '../platform/platform.ts'
import type { OAuthScript } from '../simulator/index.ts'
import { openStore } from '../stores/open-store.ts'

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url))

async function loginWorld(script: OAuthScript = { approval: 'at_once' }) {
  const simulator = await loginServer(script)
  const line = commandLine()
  writeFileSync(join(line.home, 'config.yaml'), configFor(simulator))
  const secretOf = async (label: string) => {
    const store = await openStore({ kind: 'sqlite', homeDirectory: line.home }, systemPlatform)
    try {
      const { credentials } = await store.snapshot()
      const credential = credentials.find((each) => each.label === label)
      return { credential, secret: await store.readSecret(credential?.id ?? '') }
    } finally {
      await store.close()
    }
  }
  return { simulator, ...line, secretOf }
}

describe('auth login', () => {
  it('takes one command, and the account serves a call through a gateway', async () => {
    const { simulator, run, home, secretOf } = await loginWorld()
    const login = await run(['auth', 'login', 'openai-codex'])
    expect(login).toMatchObject({ exit: 0 })
    expect(login.out).toContain('signed in as "ada@example.org", plan plus, token for 1 h')
    const { credential, secret } = await secretOf('ada@example.org')
    expect(credential).toMatchObject({ type: 'oauth', accountId: 'acct-ada/user-ada', generation: 1 })
    expect(secret).toMatchObject({ accountId: 'acct-ada', refreshToken: expect.stringMatching(/^rt_/) as string })
    expect(secret?.expiresAtMs).toBeGreaterThan(systemPlatform.clock.now())
    const sparekey = await createSparekey({ home })
    try {
      const gateway = await sparekey.serve({ port: 0 })
      const answer = await ask(gateway.url, 'responses', true)
      expect(answer).toMatchObject({ status: 200, ending: 'complete', said: 'The answer is 42.' })
      expect(answer.headers.get('x-sparekey-credential')).toBe('ada@example.org')
    } finally {
      await sparekey.close()
    }
    expect(simulator.requests.at(-1)).toMatchObject({ accountId: 'acct-ada' })
  })

  it('keeps several accounts apart, also two people of one workspace (39236, 42316)', async () => {
    const accounts = ['ada', 'bob'].map((name) => ({
      email: `${name}@example.org`,
      accountId: 'acct-team',
      userId: `user-${name}`,
    }))
    const { run, secretOf } = await loginWorld({ approval: 'at_once', accounts })
    await run(['auth', 'login', 'openai-codex'])
    await run(['auth', 'login', 'openai-codex', '--label', 'second'])
    expect((await run(['auth', 'list', '--json'])).json()).toMatchObject({
      providers: [{ credentials: [{ label: 'ada@example.org' }, { label: 'second' }] }],
    })
    expect((await secretOf('second')).secret?.accountId).toBe('acct-team')
  })

  it('the same account again replaces its login and keeps its name (47096, 106705)', async () => {
    const { simulator, run, secretOf } = await loginWorld()
    simulator.oauth?.use({ accounts: [{ email: 'ada@example.org', accountId: 'acct-ada', userId: 'user-ada' }] })
    await run(['auth', 'login', 'openai-codex', '--label', 'work'])
    const before = await secretOf('work')
    const again = await run(['auth', 'login', 'openai-codex'])
    expect(again.out).toContain('replaced the login of "work": it is the same account')
    const after = await secretOf('work')
    expect(after.credential).toMatchObject({ id: before.credential?.id, generation: 2 })
    expect(after.secret?.token).not.toBe(before.secret?.token)
    expect((await run(['auth', 'login', 'openai-codex', '--json'])).json()).toMatchObject({
      outcome: 'replaced',
      label: 'work',
    })
  })

  it('does not let a second account take the name of the first', async () => {
    const { run } = await loginWorld()
    await run(['auth', 'login', 'openai-codex', '--label', 'work'])
    const second = await run(['auth', 'login', 'openai-codex', '--label', 'work'])
    expect(second).toMatchObject({ exit: 0 })
    expect(second.err).toContain('"work" is another account; this one is called "work-2"')
  })

  it('prints one JSON document, and what people need on the error stream', async () => {
    const { simulator, run } = await loginWorld()
    const login = await run(['auth', 'login', 'openai-codex', '--json', '--device'])
    expect(login.json()).toMatchObject({
      provider: 'openai-codex',
      label: 'ada@example.org',
      outcome: 'added',
      email: 'ada@example.org',
      plan: 'plus',
      account_id: 'acct-ada/user-ada',
    })
    expect(login.err).toContain(`${simulator.url}/codex/device`)
  })

  it('never shows a token or a proof, and stores none in clear', async () => {
    const { simulator, run, home } = await loginWorld()
    const outputs = [
      await run(['auth', 'login', 'openai-codex']),
      await run(['auth', 'login', 'openai-codex', '--json']),
    ]
    const secrets = simulator.oauthRequests.flatMap(({ fields }) => [fields['code'], fields['code_verifier']])
    const { secret } = await (async () => {
      const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
      const { credentials } = await store.snapshot()
      const read = await store.readSecret(credentials[0]?.id ?? '')
      await store.close()
      return { secret: read }
    })()
    const planted = [...secrets, secret?.token, secret?.refreshToken].filter((each) => each !== undefined)
    expect(planted.length).toBeGreaterThan(3)
    const files = readdirSync(home)
      .filter((name) => name.startsWith('state.db'))
      .map((name) => readFileSync(join(home, name), 'latin1'))
    for (const each of planted)
      for (const text of [...outputs.map(({ out, err }) => out + err), ...files]) expect(text).not.toContain(each)
  })

  it.each([
    ['denied', { approval: 'denied' }, 4, 'access was denied'],
    [
      'refused',
      {
        approval: 'at_once',
        faults: [
          {
            at: 'usercode',
            does: { kind: 'status', status: 400, body: { error: { message: 'bad client', code: 'x' } } },
          },
        ],
      },
      4,
      'bad client',
    ],
  ] as const)('that is %s ends with a clear error and leaves nothing behind', async (_what, script, exit, told) => {
    const { run } = await loginWorld(script as OAuthScript)
    const login = await run(['auth', 'login', 'openai-codex'])
    expect(login).toMatchObject({ exit })
    expect(login.err).toContain(told)
    expect(await run(['auth', 'list'])).toMatchObject({ exit: 3 })
  })

  it('needs a configured login where the provider has none', async () => {
    const { run } = commandLine()
    const login = await run(['auth', 'login', 'openai'])
    expect(login).toMatchObject({ exit: 2 })
    expect(login.err).toContain('providers.openai.oauth')
  })

  it('never sends tokens in clear to another machine', async () => {
    const { run, home } = commandLine()
    writeFileSync(
      join(home, 'config.yaml'),
      'providers: { openai-codex: { oauth: { issuer: "http://login.example.org" } } }\n',
    )
    const login = await run(['auth', 'login', 'openai-codex'])
    expect(login.err).toContain('in clear to http://login.example.org')
  })

  it('works at a provider of one’s own by configuration, with a device code or as a machine', async () => {
    const simulator = await loginServer()
    const { run, home } = commandLine({ LAB_SECRET: 'simulated-secret' })
    writeFileSync(
      join(home, 'config.yaml'),
      `providers:
  lab: { type: openai-compatible, baseUrl: "${simulator.url}/v1", models: [m], oauth: { issuer: "${simulator.url}", clientId: lab, deviceUrl: "${simulator.url}/oauth/device/code" } }
  robot: { type: openai-compatible, baseUrl: "${simulator.url}/v1", models: [r], oauth: { issuer: "${simulator.url}", clientId: simulated-client, clientSecretEnv: LAB_SECRET, grant: client-credentials } }
`,
    )
    expect(await run(['auth', 'add', 'lab', '--type', 'oauth'])).toMatchObject({ exit: 0 })
    expect(await run(['auth', 'login', 'robot'])).toMatchObject({ exit: 0 })
    const sparekey = await createSparekey({ home })
    try {
      const gateway = await sparekey.serve({ port: 0 })
      for (const model of ['lab/m', 'robot/r'])
        expect(
          await ask(gateway.url, 'chat-completions', false, {
            body: { model, messages: [{ role: 'user', content: 'x' }] },
          }),
        ).toMatchObject({ status: 200, ending: 'complete' })
    } finally {
      await sparekey.close()
    }
  })

  it('is cancelled by Ctrl-C: exit 1, nothing left behind', async () => {
    const { home, simulator } = await loginWorld({ approval: 'by_hand' })
    const { PATH = '', NODE_OPTIONS = '' } = process.env
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, 'auth', 'login', 'openai-codex'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH, NODE_OPTIONS, SPAREKEY_HOME: home, HOME: home },
    })
    let said = ''
    const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
    child.stderr.on('data', (part: Buffer) => (said += part.toString()))
    child.stdout.on('data', (part: Buffer) => {
      said += part.toString()
      if (said.includes('Waiting until')) child.kill('SIGINT')
    })
    expect(await exit).toBe(1)
    expect(said).toContain('the login was cancelled')
    expect(simulator.oauth?.waiting).toHaveLength(1)
    const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
    expect((await store.snapshot()).credentials).toEqual([])
    await store.close()
  })

  it('opens the browser that the user chose, and ends on its own page', async () => {
    const simulator = await loginServer()
    const folder = temporaryHome()
    const browser = join(folder, 'browser.mjs')
    writeFileSync(browser, `#!${process.execPath}\nawait fetch(process.argv[2])\n`)
    chmodSync(browser, 0o755)
    const { authLogin } = await import('./auth-login.ts')
    const { context, home, said } = commandLine({ BROWSER: browser }).contextOf({ interactive: true })
    writeFileSync(join(home, 'config.yaml'), configFor(simulator))
    await authLogin(context, 'openai-codex', {})
    expect(said().replace(/\n/g, ' ')).toContain('in the browser that has just opened')
    expect(said()).toContain('signed in as "ada@example.org"')
    expect(simulator.oauthRequests.map(({ path }) => path)).toEqual(['/oauth/authorize', '/oauth/token'])
  })
})

describe('auth logout', () => {
  it('ends the login at the provider, then removes it', async () => {
    const { simulator, run, secretOf } = await loginWorld()
    await run(['auth', 'login', 'openai-codex'])
    const { secret } = await secretOf('ada@example.org')
    const logout = await run(['auth', 'logout', 'openai-codex', 'ada@example.org'])
    expect(logout).toMatchObject({ exit: 0 })
    expect(logout.out).toContain('ended at the provider')
    expect(simulator.oauth?.judge(secret?.token ?? '').verdict).toBe('invalidated')
    expect(await run(['auth', 'logout', 'openai-codex'])).toMatchObject({ exit: 3 })
  })

  it('removes it here also when the provider does not answer, and says so', async () => {
    const { run } = await loginWorld({
      approval: 'at_once',
      faults: [{ at: 'revoke', times: 9, does: { kind: 'status', status: 400 } }],
    })
    await run(['auth', 'login', 'openai-codex'])
    const logout = await run(['auth', 'logout', 'openai-codex', '--json'])
    expect(logout.json()).toMatchObject({
      logged_out: [{ revoked: false, why: expect.stringContaining('could not be revoked') as string }],
    })
    expect(await run(['auth', 'list'])).toMatchObject({ exit: 3 })
  })

  it('leaves keys alone, and borrowed logins alive (12360)', async () => {
    const { simulator, run } = await loginWorld()
    await run(
      ['auth', 'add', 'openai-codex', '--api-key-stdin', '--account-id', 'acct-x', '--label', 'pasted'],
      'opaque-token-1',
    )
    const logout = await run(['auth', 'logout', 'openai-codex'])
    expect(logout.err).toContain('not ended there')
    expect(simulator.oauthRequests).toEqual([])
    await run(['auth', 'add', 'openai', '--api-key-stdin', '--label', 'key'], 'some-key-1')
    expect(await run(['auth', 'logout', 'openai', 'key'])).toMatchObject({ exit: 2 })
  })
})
