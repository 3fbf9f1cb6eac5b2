import type { WireName } from '../../src/wire/wire.ts'
import { ask, type Reading } from './client.ts'

export interface Load {
  /** Calls that ended so far. */
  readonly done: () => number
  /** Resolves when this many more calls have ended. */
  more(count: number): Promise<void>
  /** Lets the calls end. @returns what was not a complete success, as it was read or thrown */
  stop(): Promise<ReadonlyArray<Reading | Error>>
}

/** Clients that call one after the other, over connections that they keep, streams and whole answers in turns. */
export function startLoad(url: string, wire: WireName, clients: number): Load {
  let done = 0
  let running = true
  const bad: Array<Reading | Error> = []
  let waiting: Array<{ readonly at: number; readonly resolve: () => void }> = []
  const work = Array.from({ length: clients }, async (_, client) => {
    for (let call = client; running; call += 1) {
      const reading = await ask(url, wire, call % 2 === 0).catch((error: unknown) => error as Error)
      if (reading instanceof Error || reading.ending !== 'complete') bad.push(reading)
      done += 1
      for (const each of waiting) if (each.at <= done) each.resolve()
      waiting = waiting.filter(({ at }) => at > done)
    }
  })
  return {
    done: () => done,
    more: (count) => new Promise((resolve) => waiting.push({ at: done + count, resolve })),
    async stop() {
      running = false
      await Promise.all(work)
      return bad
    },
  }
}
