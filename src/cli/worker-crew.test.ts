import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { WorkerCrew, type CrewWorker } from './worker-crew.ts'
import type { Started } from './show-started.ts'
import type { ToWorker } from './worker-side.ts'

const STARTED: Started = { url: 'http://127.0.0.1:1', port: 1, providers: [], credentials: 0, drainMs: 30_000 }

/** A process that does what the test says. */
class FakeWorker extends EventEmitter implements CrewWorker {
  readonly told: ToWorker[] = []
  readonly killed: string[] = []
  readonly process = { pid: 7, kill: (signal?: NodeJS.Signals | number) => (this.killed.push(String(signal)), true) }
  readonly send = ((message: ToWorker) => this.told.push(message) > 0) as unknown as CrewWorker['send']
  isConnected = () => true
  ready = () => this.emit('message', { kind: 'ready', started: STARTED })
  die = () => this.emit('exit', null, 'SIGKILL')
}

function crewOf(size: number) {
  const platform = manualPlatform()
  const told: string[] = []
  const workers: FakeWorker[] = []
  const bornAtMs: number[] = []
  /** What a new process does at once; nothing = it is still starting. */
  const plan = { atBirth: (_worker: FakeWorker) => {} }
  const crew = new WorkerCrew(
    size,
    platform,
    (message) => told.push(message),
    () => {
      const worker = new FakeWorker()
      workers.push(worker)
      bornAtMs.push(platform.clock.monotonic())
      queueMicrotask(() => plan.atBirth(worker))
      return worker
    },
  )
  return { crew, platform, told, workers, bornAtMs, plan }
}

/** Lets everything happen that waits for no timer. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

async function pass(platform: ReturnType<typeof manualPlatform>, ms: number, stepMs = 100): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    platform.advance(stepMs)
    await settle()
  }
}

describe('a crew', () => {
  it('replaces a worker that dies at once, and waits longer and longer for one that does not start', async () => {
    const { crew, platform, told, workers, bornAtMs, plan } = crewOf(1)
    plan.atBirth = (worker) => worker.ready()
    expect(await crew.start()).toMatchObject({ kind: 'ready' })
    platform.advance(60_000)
    plan.atBirth = (worker) => worker.die()
    workers[0]?.die()
    await settle()
    const deathMs = platform.clock.monotonic()
    await pass(platform, 60_000)
    const sinceMs = bornAtMs.slice(1).map((each) => each - deathMs)
    const pauses = sinceMs.map((each, index) => each - (sinceMs[index - 1] ?? 0))
    expect(pauses).toEqual([0, 0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000, 10_000])
    expect(told.filter((line) => line.includes('did not start'))).toHaveLength(pauses.length)
    // It is never given up: as soon as one starts, it is there.
    plan.atBirth = (worker) => worker.ready()
    await pass(platform, 10_000)
    expect(workers).toHaveLength(pauses.length + 2)
    await pass(platform, 60_000)
    expect(workers).toHaveLength(pauses.length + 2)
  })

  it('takes a worker that grew old for chance: the next one comes at once, the pauses begin anew', async () => {
    const { crew, platform, workers, bornAtMs, plan } = crewOf(2)
    plan.atBirth = (worker) => worker.ready()
    await crew.start()
    for (let death = 0; death < 6; death += 1) {
      workers.at(-1)?.die()
      await settle()
      await pass(platform, 3_200)
    }
    const young = workers.length
    expect(young).toBe(2 + 6)
    platform.advance(10_000)
    workers.at(-1)?.die()
    await settle()
    expect(bornAtMs.at(-1)).toBe(platform.clock.monotonic())
    expect(workers).toHaveLength(young + 1)
  })

  it('gives up at once when the first one cannot start', async () => {
    const { crew, platform, workers, plan } = crewOf(4)
    plan.atBirth = (worker) => worker.die()
    expect(await crew.start()).toEqual({ kind: 'ended' })
    await pass(platform, 20_000)
    expect(workers).toHaveLength(1)
  })

  it('starts none while it stops, tells all of them, and kills those that do not end in time', async () => {
    const { crew, platform, workers, plan } = crewOf(2)
    plan.atBirth = (worker) => worker.ready()
    await crew.start()
    const stopped = crew.stop()
    workers[0]?.die()
    await pass(platform, STARTED.drainMs + 10_000)
    expect(workers).toHaveLength(2)
    expect(workers.map(({ told }) => told)).toEqual(workers.map(() => [{ kind: 'stop', replaced: false }]))
    expect(workers.map(({ killed }) => killed)).toEqual([[], ['SIGKILL']])
    workers[1]?.die()
    await stopped
  })

  it('renews one by one, the new one first; where it does not start, the old ones stay', async () => {
    const { crew, workers, plan } = crewOf(2)
    plan.atBirth = (worker) => worker.ready()
    await crew.start()
    plan.atBirth = () => {}
    const renewed = crew.renew()
    await settle()
    expect(workers).toHaveLength(3)
    expect(workers[0]?.told).toEqual([])
    workers[2]?.ready()
    await settle()
    expect(workers[0]?.told).toEqual([{ kind: 'stop', replaced: true }])
    expect(workers).toHaveLength(4)
    workers[3]?.die()
    await renewed
    expect(workers[1]?.told).toEqual([])
  })
})
