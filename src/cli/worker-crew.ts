import cluster, { type Worker } from 'node:cluster'
import type { Platform } from '../platform/platform.ts'
import type { Started } from './show-started.ts'
import type { ToParent, ToWorker } from './worker-side.ts'

/** A worker that dies younger than this counts as one that could not start, ms. */
const GROWN_UP_MS = 10_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** What a worker that was told to stop may take beyond its drain time before it is killed, ms. */
const AFTER_DRAIN_MS = 10_000

/** A process as far as the crew knows it. */
export type CrewWorker = Pick<Worker, 'send' | 'isConnected'> & {
  readonly process: Pick<Worker['process'], 'pid' | 'kill'>
  on(event: 'message', listener: (message: ToParent) => void): unknown
  once(event: 'exit', listener: (code: number | null, signal: string | null) => void): unknown
}

interface Member {
  readonly worker: CrewWorker
  readonly bornAtMs: number
  readonly ended: Promise<void>
  started: Started | undefined
  leaving: boolean
}

type Begun = { readonly kind: 'ready'; readonly started: Started } | { readonly kind: 'ended' }

/** Keeps a number of workers running: replaces those that die, renews all of them one by one, stops them together. */
export class WorkerCrew {
  readonly #size: number
  readonly #platform: Platform
  readonly #tell: (message: string) => void
  readonly #fork: () => CrewWorker
  readonly #members = new Set<Member>()
  #port: number | undefined
  #stopping = false
  #renewing = false
  /** Workers that died young, one after the other. */
  #diedYoung = 0

  /** @param fork starts a process @default another one of this program */
  constructor(
    size: number,
    platform: Platform,
    tell: (message: string) => void,
    fork: () => CrewWorker = () => cluster.fork(),
  ) {
    this.#size = size
    this.#platform = platform
    this.#tell = tell
    this.#fork = fork
  }

  /** Starts the first worker, then the others: what is wrong with the configuration is told once. */
  async start(): Promise<Begun> {
    const first = await this.#begin()
    if (first.kind === 'ended') return first
    const more = Array.from({ length: this.#size - 1 }, async () => {
      if ((await this.#begin()).kind === 'ended') void this.#replace()
    })
    await Promise.all(more)
    return first
  }

  /** One by one: a new worker first, then an old one drains. Where a new one does not start, the old ones go on. */
  async renew(): Promise<void> {
    if (this.#renewing || this.#stopping) return
    this.#renewing = true
    const old = [...this.#members].filter(({ leaving }) => !leaving)
    for (const member of old) {
      const begun = await this.#begin()
      if (begun.kind === 'ended') {
        this.#tell('the workers are not renewed: a new one did not start; the old ones go on')
        break
      }
      this.#dismiss(member, true)
    }
    this.#renewing = false
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const members = [...this.#members]
    for (const member of members) this.#dismiss(member, false)
    await Promise.all(members.map(({ ended }) => ended))
  }

  kill(): void {
    for (const { worker } of this.#members) worker.process.kill('SIGKILL')
  }

  #begin(): Promise<Begun> {
    // All that ask for port 0 get the first one's; when all have died at once, the next would get another one than clients know.
    const alone = ![...this.#members].some(({ started }) => started !== undefined)
    if (alone && this.#port !== undefined)
      cluster.setupPrimary({ args: [...process.argv.slice(2), '--port', String(this.#port)] })
    const worker = this.#fork()
    return new Promise((resolve) => {
      const ended = new Promise<void>((end) => worker.once('exit', () => end()))
      const member: Member = {
        worker,
        bornAtMs: this.#platform.clock.monotonic(),
        ended,
        started: undefined,
        leaving: false,
      }
      this.#members.add(member)
      worker.on('message', (message: ToParent) => {
        if (message.kind !== 'ready') return
        member.started = message.started
        this.#port = message.started.port
        // Told to stop while it was starting.
        if (this.#stopping) this.#dismiss(member, false)
        resolve({ kind: 'ready', started: message.started })
      })
      worker.once('exit', (code: number | null, signal: string | null) => {
        this.#members.delete(member)
        if (member.started === undefined) resolve({ kind: 'ended' })
        else if (!member.leaving && !this.#stopping) this.#lost(member, signal ?? `exit code ${code}`)
      })
    })
  }

  #lost(member: Member, how: string): void {
    const old = this.#platform.clock.monotonic() - member.bornAtMs >= GROWN_UP_MS
    this.#diedYoung = old ? 0 : this.#diedYoung + 1
    this.#tell(`worker ${member.worker.process.pid} died (${how}); another one takes its place`)
    void this.#replace()
  }

  /** Tries until one has started, with longer and longer pauses. */
  async #replace(): Promise<void> {
    while (!this.#stopping) {
      // The first death may be chance; a worker that dies again and again must not take all the processor.
      const pauses = Math.max(0, this.#diedYoung - 1)
      if (pauses > 0) {
        const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (pauses - 1))
        await this.#platform.timers.sleep(pauseMs)
      }
      if (this.#stopping) return
      if ((await this.#begin()).kind === 'ready') return
      this.#diedYoung += 1
      this.#tell('a worker did not start; it is tried again')
    }
  }

  #dismiss(member: Member, replaced: boolean): void {
    if (member.leaving) return
    member.leaving = true
    if (member.worker.isConnected()) member.worker.send({ kind: 'stop', replaced } satisfies ToWorker)
    const mostMs = (member.started?.drainMs ?? 0) + AFTER_DRAIN_MS
    const cancel = this.#platform.timers.after(mostMs, () => member.worker.process.kill('SIGKILL'), { unref: true })
    void member.ended.then(cancel)
  }
}
