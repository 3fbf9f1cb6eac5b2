import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/oauth/login-problem.ts'
import { deviceLogin } from '../../src/oauth/device-code.ts'
import { clientCredentialsLogin, genericBrowserLogin, genericDeviceLogin } from '../../src/oauth/generic.ts'
import { browserLogin } from '../../src/oauth/pkce.ts'
import { revokeLogin } from '../../src/oauth/revoke.ts'
import { type OAuthFault, refusedPort } from '../../src/simulator/index.ts'
import { leapingPlatform } from '../support/leaping-platform.ts'
import { chatgptAt, loginServer, loginTools, standardAt } from '../support/login-world.ts'

const nothing = () => {}

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.problem.message)
  return outcome.value
}

function kindOf(outcome: Outcome<unknown>): string {
  return outcome.ok ? 'fine' : outcome.problem.kind
}

/** What a browser does: it follows redirects and lands on the loopback page. */
async function browse(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url)
  return { status: response.status, text: await response.text() }
}

describe('the device login of ChatGPT', () => {
  it('shows a code, waits for the approval and yields tokens with who signed in', async () => {
    const shown: { userCode: string; url: string }[] = []
    const platform = leapingPlatform(() => {
      for (const code of simulator.oauth?.waiting ?? []) simulator.oauth?.approve(code, 'bob@example.org')
    })
    const simulator = await loginServer({ approval: 'by_hand' }, platform)
    const tokens = value(await deviceLogin(chatgptAt(simulator), loginTools(platform), (prompt) => shown.push(prompt)))
    expect(shown).toMatchObject([{ url: `${simulator.url}/codex/device` }])
    expect(tokens.identity).toMatchObject({
      accountId: 'acct-bob',
      userId: 'user-bob',
      email: 'bob@example.org',
      plan: 'plus',
    })
    expect(tokens.refreshToken).toMatch(/^rt_/)
    expect(tokens.expiresAtMs).toBeGreaterThan(platform.clock.now() + 3_500_000)
    expect(simulator.oauthRequests.map(({ path, status }) => `${status} ${path}`)).toEqual([
      '200 /api/accounts/deviceauth/usercode',
      '403 /api/accounts/deviceauth/token',
      '200 /api/accounts/deviceauth/token',
      '200 /oauth/token',
    ])
    // 58096: a request that does not say who asks is throttled.
    for (const { headers } of simulator.oauthRequests) expect(headers['user-agent']).toBe('sparekey/test')
  })

  it.each([
    ['nobody approves', { approval: 'by_hand' }, 'expired'],
    ['the code expires sooner', { approval: 'by_hand', codeLifetimeMs: 30_000 }, 'expired'],
    ['the person denies', { approval: 'denied' }, 'denied'],
  ] as const)('ends when %s', async (_what, script, kind) => {
    const platform = leapingPlatform()
    const simulator = await loginServer(script, platform)
    const outcome = await deviceLogin(chatgptAt(simulator), loginTools(platform), nothing)
    expect(kindOf(outcome)).toBe(kind)
    if (!outcome.ok) expect(outcome.problem.next).not.toBe('')
    const waitedMs = platform.pausesMs.reduce((sum, each) => sum + each, 0)
    expect(waitedMs).toBeLessThanOrEqual('codeLifetimeMs' in script ? 31_000 : 901_000)
  })

  const unwell: ReadonlyArray<readonly [string, OAuthFault]> = [
    ['a busy code server', { at: 'usercode', times: 2, does: { kind: 'status', status: 503 } }],
    [
      'a throttling poll',
      { at: 'device_poll', times: 3, does: { kind: 'status', status: 429, headers: { 'retry-after': '7' } } },
    ],
    ['a poll in trouble', { at: 'device_poll', times: 4, does: { kind: 'status', status: 502 } }],
    ['a cut poll', { at: 'device_poll', does: { kind: 'cut_before' } }],
    ['a slow exchange', { at: 'exchange', does: { kind: 'slow', ms: 20 } }],
    ['an exchange in trouble', { at: 'exchange', times: 2, does: { kind: 'status', status: 500 } }],
    ['an exchange that is cut before it is done', { at: 'exchange', does: { kind: 'cut_before' } }],
  ]
  it.each(unwell)('survives %s', async (_what, fault) => {
    const platform = leapingPlatform()
    const simulator = await loginServer({ approval: 'at_once', faults: [fault] }, platform)
    expect(kindOf(await deviceLogin(chatgptAt(simulator), loginTools(platform), nothing))).toBe('fine')
    if (fault.does.kind === 'status' && fault.does.status === 429) expect(platform.pausesMs).toEqual([7000, 7000, 7000])
  })

  const lost: ReadonlyArray<readonly [string, OAuthFault, string]> = [
    ['an exchange whose answer is lost', { at: 'exchange', does: { kind: 'cut_after_commit' } }, 'refused'],
    ['a web page instead of a code', { at: 'usercode', does: { kind: 'html' } }, 'invalid_answer'],
    ['a web page instead of tokens', { at: 'exchange', does: { kind: 'html' } }, 'invalid_answer'],
    [
      'tokens without a token',
      { at: 'exchange', does: { kind: 'status', status: 200, body: { refresh_token: 'r' } } },
      'invalid_answer',
    ],
    ['throttling without an end', { at: 'usercode', times: 99, does: { kind: 'status', status: 429 } }, 'throttled'],
    ['no device login', { at: 'usercode', does: { kind: 'status', status: 404 } }, 'refused'],
  ]
  it.each(lost)('says what to do after %s', async (_what, fault, kind) => {
    const platform = leapingPlatform()
    const simulator = await loginServer({ approval: 'at_once', faults: [fault] }, platform)
    const outcome = await deviceLogin(chatgptAt(simulator), loginTools(platform), nothing)
    expect(kindOf(outcome)).toBe(kind)
    if (!outcome.ok) expect(outcome.problem.next.length).toBeGreaterThan(10)
  })

  it('does not believe the clock of a server that lives in another hour', async () => {
    for (const clockSkewMs of [-7_200_000, 7_200_000]) {
      const platform = leapingPlatform()
      const simulator = await loginServer({ approval: { afterPolls: 3 }, clockSkewMs }, platform)
      const tokens = value(await deviceLogin(chatgptAt(simulator), loginTools(platform), nothing))
      const leftMs = (tokens.expiresAtMs ?? 0) - platform.clock.now()
      expect(leftMs).toBeGreaterThan(3_500_000)
      expect(leftMs).toBeLessThanOrEqual(3_600_000)
    }
  })

  it('is cancelled while it waits, and says that the server is out of reach', async () => {
    const cancel = new AbortController()
    const platform = leapingPlatform(() => cancel.abort())
    const simulator = await loginServer({ approval: 'by_hand' }, platform)
    expect(kindOf(await deviceLogin(chatgptAt(simulator), loginTools(platform, cancel.signal), nothing))).toBe(
      'cancelled',
    )
    const port = await refusedPort()
    const settings = { ...chatgptAt(simulator), issuer: `http://127.0.0.1:${port}` }
    expect(kindOf(await deviceLogin(settings, loginTools(leapingPlatform()), nothing))).toBe('unreachable')
  })
})

describe('the browser login of ChatGPT', () => {
  it('sends a browser out with a proof and takes it back on a loopback port', async () => {
    const simulator = await loginServer()
    let page: Promise<{ status: number; text: string }> | undefined
    let link = ''
    const outcome = await browserLogin(chatgptAt(simulator), loginTools(), ({ url }) => {
      link = url
      page = browse(url)
    })
    expect(value(outcome).identity).toMatchObject({ accountId: 'acct-ada', email: 'ada@example.org' })
    expect(await page).toMatchObject({
      status: 200,
      text: expect.stringContaining('Go back to the terminal') as string,
    })
    const asked = new URL(link)
    expect([...asked.searchParams.keys()]).toEqual([
      'response_type',
      'client_id',
      'redirect_uri',
      'scope',
      'code_challenge',
      'code_challenge_method',
      'id_token_add_organizations',
      'codex_cli_simplified_flow',
      'state',
      'originator',
    ])
    const exchange = simulator.oauthRequests.find(({ path }) => path === '/oauth/token')
    expect(exchange?.fields['code_verifier']).toHaveLength(86)
    expect(exchange?.fields['redirect_uri']).toBe(asked.searchParams.get('redirect_uri'))
  })

  it('is not ended by a callback with another state, a wrong path or another host', async () => {
    const simulator = await loginServer()
    const seen: Array<{ status: number; text: string }> = []
    const outcome = await browserLogin(chatgptAt(simulator), loginTools(), ({ url }) => {
      const back = new URL(new URL(url).searchParams.get('redirect_uri') ?? '')
      void (async () => {
        seen.push(await browse(`${back.href}?code=stolen&state=guessed`))
        seen.push(await browse(`${back.href}?error=access_denied&state=guessed`))
        seen.push(await browse(`${back.origin}/favicon.ico`))
        seen.push(await browse(url))
      })()
    })
    expect(kindOf(outcome)).toBe('fine')
    expect(seen.slice(0, 3).map(({ status }) => status)).toEqual([400, 400, 404])
    expect(seen.map(({ text }) => text).join()).not.toContain('guessed')
  })

  it('says who said no', async () => {
    const simulator = await loginServer({ approval: 'denied' })
    const outcome = await browserLogin(chatgptAt(simulator), loginTools(), ({ url }) => void browse(url))
    expect(kindOf(outcome)).toBe('denied')
  })

  it('takes the second port when the first is taken, and says so when both are', async () => {
    const simulator = await loginServer()
    const ports: number[] = []
    const first = chatgptAt(simulator)
    await browserLogin(first, loginTools(), ({ url }) => {
      const taken = Number(new URL(new URL(url).searchParams.get('redirect_uri') ?? '').port)
      void (async () => {
        const second = await browserLogin({ ...first, callbackPorts: [taken, 0] }, loginTools(), (prompt) => {
          ports.push(Number(new URL(new URL(prompt.url).searchParams.get('redirect_uri') ?? '').port))
          void browse(prompt.url)
        })
        expect(kindOf(second)).toBe('fine')
        expect(kindOf(await browserLogin({ ...first, callbackPorts: [taken] }, loginTools(), nothing))).toBe(
          'port_taken',
        )
        await browse(url)
      })()
    })
    expect(ports).toHaveLength(1)
  })

  it('gives up after a while, can be cancelled, and leaves the port free', async () => {
    const simulator = await loginServer()
    const settings = chatgptAt(simulator)
    expect(kindOf(await browserLogin(settings, loginTools(leapingPlatform()), nothing))).toBe('expired')
    const cancel = new AbortController()
    let port = 0
    const outcome = await browserLogin(settings, loginTools(undefined, cancel.signal), ({ url }) => {
      port = Number(new URL(new URL(url).searchParams.get('redirect_uri') ?? '').port)
      cancel.abort()
    })
    expect(kindOf(outcome)).toBe('cancelled')
    await expect(browse(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
  })
})

describe('the standard grants of a configured provider', () => {
  it('device grant: waits as RFC 8628 says', async () => {
    const platform = leapingPlatform()
    const simulator = await loginServer({ approval: { afterPolls: 2 }, intervalSeconds: 3 }, platform)
    const tokens = value(await genericDeviceLogin(standardAt(simulator), loginTools(platform), nothing))
    expect(tokens).toMatchObject({ identity: { email: 'ada@example.org' } })
    expect(tokens.refreshToken).toBeDefined()
    expect(platform.pausesMs).toEqual([3000, 3000])
  })

  it('device grant: slows down when told, survives trouble, ends when denied or expired', async () => {
    const platform = leapingPlatform()
    const slow = { error: 'slow_down' }
    const simulator = await loginServer(
      {
        approval: 'at_once',
        faults: [
          { at: 'device_poll', does: { kind: 'status', status: 400, body: slow } },
          { at: 'device_poll', after: 1, does: { kind: 'status', status: 503 } },
        ],
      },
      platform,
    )
    expect(kindOf(await genericDeviceLogin(standardAt(simulator), loginTools(platform), nothing))).toBe('fine')
    expect(platform.pausesMs).toEqual([6000, 11_000])
    simulator.oauth?.use({ approval: 'denied', faults: [] })
    expect(kindOf(await genericDeviceLogin(standardAt(simulator), loginTools(platform), nothing))).toBe('denied')
    simulator.oauth?.use({ approval: 'by_hand' })
    expect(kindOf(await genericDeviceLogin(standardAt(simulator), loginTools(platform), nothing))).toBe('expired')
  })

  it('authorization code with PKCE', async () => {
    const simulator = await loginServer()
    const settings = standardAt(simulator, { scopes: ['openid', 'models'] })
    const tokens = value(await genericBrowserLogin(settings, loginTools(), ({ url }) => void browse(url)))
    expect(tokens.identity.email).toBe('ada@example.org')
    expect(simulator.oauth?.judge(tokens.accessToken).verdict).toBe('valid')
  })

  it('client credentials', async () => {
    const simulator = await loginServer()
    const machine = standardAt(simulator, {
      machine: true,
      clientId: 'simulated-client',
      clientSecret: 'simulated-secret',
    })
    const tokens = value(await clientCredentialsLogin(machine, loginTools()))
    expect(tokens.refreshToken).toBeUndefined()
    expect(simulator.oauth?.judge(tokens.accessToken).verdict).toBe('valid')
    const wrong = await clientCredentialsLogin({ ...machine, clientSecret: 'planted-wrong' }, loginTools())
    expect(kindOf(wrong)).toBe('refused')
    expect(JSON.stringify(wrong)).not.toContain('planted-wrong')
    const { clientSecret: _, ...without } = machine
    expect(kindOf(await clientCredentialsLogin(without, loginTools()))).toBe('not_configured')
  })

  it('uses configured addresses and asks nobody else', async () => {
    const simulator = await loginServer()
    const settings = standardAt(simulator, {
      deviceUrl: `${simulator.url}/oauth/device/code`,
      tokenUrl: `${simulator.url}/oauth/token`,
    })
    expect(kindOf(await genericDeviceLogin(settings, loginTools(), nothing))).toBe('fine')
    expect(simulator.oauthRequests.map(({ path }) => path)).toEqual(['/oauth/device/code', '/oauth/token'])
  })
})

describe('revoking', () => {
  it.each(['chatgpt', 'standard'] as const)('ends a login at the provider (%s)', async (flavour) => {
    const simulator = await loginServer()
    const settings = { ...chatgptAt(simulator), flavour }
    const tokens = value(await deviceLogin(chatgptAt(simulator), loginTools(), nothing))
    expect(value(await revokeLogin(settings, tokens.refreshToken ?? '', loginTools()))).toBe('revoked')
    expect(simulator.oauth?.judge(tokens.accessToken).verdict).toBe('invalidated')
    const sent = simulator.oauthRequests.at(-1)
    expect(sent?.headers['content-type']).toContain(flavour === 'chatgpt' ? 'json' : 'form')
    expect(sent?.fields).toMatchObject({ token_type_hint: 'refresh_token' })
  })
})
