import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { systemPlatform } from '../../src/platform/platform.ts'
import { fingerprintOf } from '../../src/pool/fingerprint.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { residentBytes } from '../process-figures.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const PROBE = new URL('./probe.mjs', import.meta.url).href
/** Of each provider, for so many calls a second: then the few that are throttled at a time are not missed. */
const CREDENTIALS_PER_RATE = 0.4
const FEWEST_CREDENTIALS = 24
const PROVIDERS = { one: 'openai', two: 'openai', three: 'anthropic', four: 'anthropic' } as const

/** How long an upstream may be silent, ms. */
export const PATIENCE_MS = 2_500

/** What is left after a collection: memory of one process, timers and sockets of all. */
export interface Remains {
  readonly rss: number
  readonly heapUsed: number
  readonly timers: number
  readonly sockets: number
}

/** The gateway as it is built, on a home of its own, with a store that all its processes share. */
export class SoakedGateway {
  readonly child: ChildProcess
  readonly port: number
  readonly #home: string
  readonly #probes: string
  readonly #workers: number
  readonly #ended: Promise<number | string | null>
  readonly troubles: string[] = []
  /** How often a process took over a changed configuration. */
  reloads = 0

  private constructor(child: ChildProcess, port: number, folder: string, workers: number) {
    this.child = child
    this.port = port
    this.#home = join(folder, 'home')
    this.#probes = folder
    this.#workers = workers
    this.#ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)))
    let rest = ''
    child.stderr?.on('data', (part: Buffer) => {
      const lines = (rest + part.toString()).split('\n')
      rest = lines.pop() ?? ''
      // One line for each call is looked at no further.
      for (const line of lines)
        if (line.includes('configuration reloaded')) this.reloads += 1
        else if (!line.includes('"event":"call"')) this.troubles.push(line.slice(0, 500))
    })
  }

  /** @param workers 0 = one process that stands alone */
  static async start(folder: string, upstreamPort: number, workers: number, rate: number): Promise<SoakedGateway> {
    if (!existsSync(PROGRAM)) throw new Error('run "npm run build" first: the soak runs what is built')
    const home = join(folder, 'home')
    mkdirSync(home)
    await furnish(home, upstreamPort, Math.max(FEWEST_CREDENTIALS, Math.ceil(rate * CREDENTIALS_PER_RATE)))
    const words = workers === 0 ? [] : ['--workers', String(workers)]
    const { PATH = '', NODE_OPTIONS = '' } = process.env
    const child = spawn(
      process.execPath,
      ['--expose-gc', '--import', PROBE, PROGRAM, 'serve', '--port', '0', '--json', ...words],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH, NODE_OPTIONS, SPAREKEY_HOME: home, HOME: home, SPAREKEY_SOAK_PROBES: folder },
      },
    )
    const port = await new Promise<number>((resolve, reject) => {
      let said = ''
      child.stderr?.on('data', (part: Buffer) => (said += part.toString().slice(0, 2_000)))
      createInterface({ input: child.stdout }).on('line', (line) => {
        const told = /"port": (\d+)/.exec(line)?.[1]
        if (told !== undefined) resolve(Number(told))
      })
      child.once('close', () => reject(new Error(`the gateway ended: ${said}`)))
    })
    child.stderr?.removeAllListeners('data')
    return new SoakedGateway(child, port, folder, workers)
  }

  /** Processes that answer calls. */
  pids(): readonly number[] {
    const pid = this.child.pid ?? 0
    if (this.#workers === 0) return [pid]
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children.split(' ').filter(Boolean).map(Number)
  }

  /** Of one process: while workers are renewed there are more of them. */
  residentBytes(): number {
    const all = this.pids().flatMap((pid) => residentBytes(pid) ?? [])
    return all.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, all.length)
  }

  /** Changes the configuration, in something that no call of the soak needs. */
  changeConfig(round: number): void {
    const path = join(this.#home, 'config.yaml')
    const text = readFileSync(path, 'utf8').replace(/^ {2}other.*\n/m, '')
    const changed = text.replace('models:\n', `models:\n  other-${round}: [one/gpt-5.5]\n`)
    writeFileSync(`${path}.new`, changed)
    renameSync(`${path}.new`, path)
  }

  /** Renews the workers one by one. */
  renew(): void {
    if (this.#workers > 0) this.child.kill('SIGUSR2')
  }

  /** Collects in every process. */
  async remains(): Promise<Remains> {
    // A worker that is just being renewed has no socket yet, or none any more.
    const asked = await Promise.all(this.pids().map((pid) => this.#ask(pid).catch(() => undefined)))
    const all = asked.filter((each) => each !== undefined)
    const sum = (field: keyof Remains) => all.reduce((total, each) => total + each[field], 0)
    const mean = (field: keyof Remains) => sum(field) / Math.max(1, all.length)
    return {
      rss: mean('rss'),
      heapUsed: mean('heapUsed'),
      timers: sum('timers'),
      sockets: sum('sockets'),
    }
  }

  #ask(pid: number): Promise<Remains> {
    return new Promise((resolve, reject) => {
      let text = ''
      const socket = connect(join(this.#probes, `${pid}.sock`))
      socket.on('data', (part: Buffer) => (text += part.toString()))
      socket.once('end', () => resolve(JSON.parse(text) as Remains))
      socket.once('error', reject)
    })
  }

  /** Places of credentials that some process still holds: every lease has one. */
  async heldPlaces(): Promise<number> {
    const store = await openStore({ kind: 'sqlite', homeDirectory: this.#home }, systemPlatform)
    const taken = await store.places.takenByOthers('nobody', systemPlatform.clock.now())
    await store.close()
    return [...taken.values()].reduce((sum, count) => sum + count, 0)
  }

  async stop(): Promise<number | string | null> {
    this.child.kill('SIGTERM')
    return this.#ended
  }
}

async function furnish(home: string, upstreamPort: number, credentials: number): Promise<void> {
  const providers = Object.entries(PROVIDERS).map(
    ([name, type]) =>
      `  ${name}: { type: ${type}, baseUrl: "http://127.0.0.1:${upstreamPort}/${name}/v1", maxConcurrent: 100 }`,
  )
  // Short patience, so that silence and retries are met often; what is decided is as ever.
  writeFileSync(
    join(home, 'config.yaml'),
    `providers:
${providers.join('\n')}
models:
  gpt-5.5: [one/gpt-5.5, two/gpt-5.5]
  claude-sonnet-5: [three/claude-sonnet-5, four/claude-sonnet-5]
limits: { firstByteMs: ${PATIENCE_MS}, idleMs: ${PATIENCE_MS}, deadlineMs: 60000, holdMs: 200, heartbeatMs: 100, maxLagMs: 0 }
policy:
  overloaded: { retries: { backoffMs: [30, 60, 120] } }
  server_error: { retries: { backoffMs: [30, 60] } }
  connection: { retries: { backoffMs: [10, 50] } }
  invalid_response: { retries: { backoffMs: [30] } }
  unknown: { retries: { backoffMs: [30] } }
`,
  )
  const store = await openStore({ kind: 'sqlite', homeDirectory: home }, systemPlatform)
  for (const provider of Object.keys(PROVIDERS))
    for (let index = 0; index < credentials; index += 1) {
      const token = `tok-${provider}-${index}`
      await store.addCredential(
        {
          id: `cred_${provider}_${index}`,
          provider,
          // A label that is the secret would be masked in every line.
          label: `${provider}-${index}`,
          type: 'api-key',
          source: { kind: 'stored' },
          fingerprint: fingerprintOf(token),
          secret: { token },
        },
        systemPlatform.clock.now(),
      )
    }
  await store.close()
}
