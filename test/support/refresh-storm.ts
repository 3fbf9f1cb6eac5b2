import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { systemPlatform } from '../../src/platform/platform.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { SCENARIOS, startSimulator } from '../../src/simulator/index.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { type Kill, machineMs, proveRefreshes, readSteps, type RefreshProof } from './refresh-proof.ts'

const CHILD = fileURLToPath(new URL('./refresh-child.ts', import.meta.url))
export interface StormReport {
  readonly calls: number
  readonly failed: readonly unknown[]
  readonly kills: number
  readonly refreshes: number
  /** What the server counted itself. */
  readonly reusesSeen: number
  readonly signedInAgain: number
  readonly loginsAlive: number
  /** At the end, logins that work no more: fingerprints of what is stored. */
  readonly loginsLost: readonly string[]
  readonly proof: RefreshProof
  readonly troubles: readonly string[]
}

/** Real processes that share a home and four accounts whose tokens live two seconds; one of them is killed again and again. */
export async function refreshStorm(options: {
  readonly home: string
  readonly processes: number
  readonly forMs: number
  readonly killEveryMs: number
}): Promise<StormReport> {
  const { home, processes, forMs, killEveryMs } = options
  // Outside the home: what is proven must not depend on what is tested.
  const aside = mkdtempSync(join(tmpdir(), 'refresh-log-'))
  const log = join(aside, 'steps.jsonl')
  writeFileSync(log, '')
  const scenario = SCENARIOS['all-good']
  if (scenario === undefined) throw new Error('no such scenario')
  const names = ['ada', 'bob', 'cleo', 'dan']
  const accounts = names.map((name) => ({
    email: `${name}@example.org`,
    accountId: `acct-${name}`,
    userId: `user-${name}`,
  }))
  const simulator = await startSimulator({ scenario, oauth: { accounts, tokenLifetimeMs: 2_000 }, remember: 1_000_000 })
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  const logIn = (account: (typeof accounts)[number]) => {
    const issued = simulator.oauth?.tokens.begin(account, 'simulated', '')
    if (issued?.refresh_token === undefined) throw new Error('no tokens')
    const nowMs = systemPlatform.clock.now()
    return {
      token: issued.access_token,
      refreshToken: issued.refresh_token,
      expiresAtMs: nowMs + 2_000,
      obtainedAtMs: nowMs,
      accountId: account.accountId,
    }
  }
  for (const account of accounts) {
    const secret = logIn(account)
    await store.addCredential(
      {
        id: idOf(account),
        provider: 'openai-codex',
        label: account.email,
        type: 'oauth',
        source: { kind: 'stored' },
        accountId: `${account.accountId}/${account.userId}`,
        fingerprint: fingerprintOf(secret.token),
        secret,
      },
      secret.obtainedAtMs,
    )
  }
  const config = {
    strategy: 'round_robin',
    affinity: 'none',
    baseUrl: `${simulator.url}/backend-api/codex`,
    oauth: { issuer: simulator.url },
  }
  writeFileSync(join(home, 'config.yaml'), `providers:\n  openai-codex: ${JSON.stringify(config)}\n`)

  const said: Array<Record<string, unknown>> = []
  const children = new Set<ChildProcess>()
  const ready = new Set<ChildProcess>()
  const exits: Promise<unknown>[] = []
  const start = () => {
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, home, log], { stdio: ['pipe', 'pipe', 'inherit'] })
    children.add(child)
    child.stdin.on('error', () => undefined)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const value = JSON.parse(line) as unknown
      if (value === 'ready') ready.add(child)
      else if (typeof value === 'object' && value !== null) said.push(value as Record<string, unknown>)
    })
    exits.push(
      new Promise((resolve) => {
        child.once('close', resolve)
      }),
    )
  }
  for (let count = 0; count < processes; count += 1) start()
  const kills: Kill[] = []
  const { clock, timers, random } = systemPlatform
  while (ready.size < processes) await timers.sleep(50)
  const untilMs = clock.now() + forMs
  let signedInAgain = 0
  while (clock.now() < untilMs) {
    // Somebody signs in again, as the message says: otherwise a long storm would run out of accounts.
    for (const account of accounts) {
      const secret = await store.readSecret(idOf(account))
      if (secret === undefined || simulator.oauth?.judge(secret.token).verdict !== 'invalidated') continue
      const fresh = logIn(account)
      await store.replaceSecret(idOf(account), fresh, fingerprintOf(fresh.token))
      signedInAgain += 1
    }
    await timers.sleep(killEveryMs * (0.5 + random.next()))
    const alive = [...ready].filter((each) => children.has(each))
    // One process at least goes on: the others would find nobody to share with.
    if (alive.length < 2) continue
    const victim = alive[Math.floor(random.next() * alive.length)]
    if (victim?.pid === undefined) continue
    kills.push({ pid: victim.pid, atMs: machineMs() })
    victim.kill('SIGKILL')
    children.delete(victim)
    start()
  }
  for (const child of children) child.stdin?.end()
  await Promise.all(exits)

  const posts = simulator.oauthRequests.filter(({ fields }) => fields['grant_type'] === 'refresh_token')
  const spent = new Set<string>()
  const reused: string[] = []
  for (const { fields, status } of posts) {
    const token = fields['refresh_token'] ?? ''
    if (spent.has(token)) reused.push(fingerprintOf(token))
    if (status === 200) spent.add(token)
  }
  const reusesSeen = simulator.oauth?.tokens.reuses ?? Number.NaN
  let loginsAlive = 0
  const loginsLost: string[] = []
  for (const { id } of (await store.snapshot()).credentials) {
    const { refreshToken = '' } = (await store.readSecret(id)) ?? {}
    if ('tokens' in (simulator.oauth?.tokens.refresh(refreshToken) ?? {})) loginsAlive += 1
    else loginsLost.push(fingerprintOf(refreshToken))
  }
  const proof = proveRefreshes(readSteps(log), kills, [...new Set([...reused, ...loginsLost])])
  rmSync(aside, { recursive: true })
  await store.close()
  await simulator.close()
  const calls = said.filter(({ outcome }) => outcome !== undefined)
  return {
    calls: calls.length,
    failed: [
      ...calls.filter(({ outcome }) => outcome !== 'answered'),
      ...said.filter(({ failed }) => failed !== undefined),
    ],
    kills: kills.length,
    refreshes: posts.filter(({ status }) => status === 200).length,
    reusesSeen,
    signedInAgain,
    loginsAlive,
    loginsLost,
    proof,
    troubles: said.flatMap(({ trouble }) => (typeof trouble === 'string' ? [trouble] : [])),
  }
}

function idOf({ email }: { readonly email: string }): string {
  return `cred_${email.split('@')[0]}`
}
