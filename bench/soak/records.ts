/** What the processes of a soak tell the one that judges. */

/** A moment that processes of one machine can compare, epoch ms with fractions. */
export const momentMs = () => performance.timeOrigin + performance.now()

export interface AttemptBegun {
  readonly is: 'attempt_begun'
  readonly call: number
  readonly attempt: number
  readonly kind: string
  readonly good: boolean
  /** The question arrived as it was asked. */
  readonly intact: boolean
  readonly atMs: number
}

export interface AttemptEnded {
  readonly is: 'attempt_ended'
  readonly call: number
  readonly attempt: number
  /** Everything was handed over; else the connection was cut, by us or by the gateway. */
  readonly whole: boolean
  readonly bytes: number
  /** Longest pause before, between and behind its pieces, ms. On a starved machine the upstream itself may fall silent. */
  readonly pauseMs: number
  /** SHA-256 of the body that was sent. */
  readonly digest: string
  /** The body itself, when it is short. */
  readonly text: string | undefined
  readonly atMs: number
}

export interface CallEnded {
  readonly is: 'call_ended'
  readonly call: number
  /** `left`: as planned. `broken`: neither a complete success nor exactly one typed failure. */
  readonly ending: 'complete' | 'error' | 'left' | 'broken'
  readonly status: number
  /** SHA-256 of the body, without heartbeats before it. */
  readonly digest: string
  /** The body of a failure, or of an ending that was none. */
  readonly text: string | undefined
  /** What was understood is what the upstream was told to say. */
  readonly said: string | undefined
  readonly why: string | undefined
  readonly attempts: number | undefined
  readonly beganAtMs: number
  readonly atMs: number
}

export type SoakRecord = AttemptBegun | AttemptEnded | CallEnded

const EVERY_MS = 50

/** Sends records in handfuls. */
export class RecordSender {
  #waiting: SoakRecord[] = []

  constructor() {
    setInterval(() => this.#send(), EVERY_MS).unref()
  }

  add(record: SoakRecord): void {
    this.#waiting.push(record)
  }

  flush(): Promise<void> {
    return new Promise((resolve) => this.#send(resolve))
  }

  #send(done: () => void = () => {}): void {
    const records = this.#waiting
    this.#waiting = []
    if (records.length === 0 || process.send === undefined) return done()
    process.send({ records }, undefined, undefined, done)
  }
}
