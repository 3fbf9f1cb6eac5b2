import type { AttemptBegun, AttemptEnded, CallEnded, SoakRecord } from './records.ts'
import { PATIENCE_MS } from './gateway.ts'
import { planOf } from './plan.ts'
import type { WireName } from '../../src/wire/wire.ts'

/** Records of a call may arrive in any order; after this long all of them are there, ms. */
const RECORDS_COME_WITHIN_MS = 20_000
/** Complaints that are kept word for word. */
const MOST_COMPLAINTS = 20
const ERROR_MARKS: Readonly<Record<WireName, string>> = {
  responses: 'event: error\n',
  'chat-completions': 'data: {"error"',
  messages: 'event: error\n',
}

interface Attempt {
  begun?: AttemptBegun
  ended?: AttemptEnded
}

interface Case {
  readonly attempts: Map<number, Attempt>
  ended?: CallEnded
}

/** Compares what each client got with what the upstream sent, and counts. */
export class Judge {
  readonly #seed: number
  readonly #cases = new Map<number, Case>()
  readonly #due: Array<{ readonly call: number; readonly atMs: number }> = []
  /** Calls that were left and judged. */
  readonly #left = new Set<number>()
  readonly counts = { complete: 0, error: 0, left: 0, attempts: 0, rescued: 0 }
  readonly complaints: string[] = []
  complained = 0
  /** How often the upstream met each kind. */
  readonly kinds = new Map<string, number>()
  /** From a client's leaving to the end of its call at the upstream, ms. */
  readonly abortMs: number[] = []
  readonly callMs: number[] = []

  constructor(seed: number) {
    this.#seed = seed
  }

  take(record: SoakRecord): void {
    // A gateway that was out of breath may read a request when its client has long left.
    if (this.#left.has(record.call)) return
    let known = this.#cases.get(record.call)
    if (known === undefined) {
      known = { attempts: new Map() }
      this.#cases.set(record.call, known)
    }
    if (record.is === 'call_ended') {
      known.ended = record
      this.#due.push({ call: record.call, atMs: record.atMs })
      return
    }
    if (record.is === 'attempt_begun') {
      this.counts.attempts += 1
      this.kinds.set(record.kind, (this.kinds.get(record.kind) ?? 0) + 1)
    }
    const attempt = known.attempts.get(record.attempt) ?? {}
    if (record.is === 'attempt_begun') attempt.begun = record
    else attempt.ended = record
    known.attempts.set(record.attempt, attempt)
  }

  /** Judges the calls whose records must have come. @param nowMs `Infinity` at the end: all of them */
  judge(nowMs: number): void {
    while ((this.#due[0]?.atMs ?? Number.POSITIVE_INFINITY) < nowMs - RECORDS_COME_WITHIN_MS) {
      const { call } = this.#due.shift() ?? { call: -1 }
      const known = this.#cases.get(call)
      this.#cases.delete(call)
      if (known?.ended !== undefined) this.#judgeOne(known.ended, [...known.attempts.values()])
    }
  }

  /** @returns calls that were begun at the upstream and never ended for their client */
  get unsettled(): number {
    return this.#cases.size
  }

  #judgeOne(ended: CallEnded, attempts: readonly Attempt[]): void {
    const { call } = ended
    const say = (what: string) => this.#complain(call, what, ended, attempts)
    for (const { begun, ended: end } of attempts) {
      if (begun === undefined) say('an attempt ended that never began')
      else if (end === undefined) say(`attempt ${begun.attempt} is still open at the upstream`)
      if (begun?.intact === false) say('the question arrived damaged')
    }
    const answered = attempts.filter(({ begun, ended: end }) => begun?.good === true && end?.whole === true)
    switch (ended.ending) {
      case 'left':
        this.counts.left += 1
        this.#left.add(call)
        return this.#measureLeaving(ended, attempts)
      case 'broken':
        return say(ended.why ?? 'broken')
      case 'complete': {
        this.counts.complete += 1
        this.callMs.push(ended.atMs - ended.beganAtMs)
        if (attempts.length > 1) this.counts.rescued += 1
        const same = answered.some(({ ended: end }) => end?.digest === ended.digest)
        if (!same) say('complete, but its bytes are not those of a good answer of the upstream')
        return
      }
      case 'error':
        this.counts.error += 1
        // An upstream that had no breath itself is a silent one.
        if (answered.some(({ ended: end }) => (end?.pauseMs ?? 0) < PATIENCE_MS / 2))
          say('failed, although the upstream answered')
        if (attempts.length === 0 && ended.status !== 429) say('failed, although the upstream was never asked')
        return this.#judgeError(ended, attempts, say)
    }
  }

  #measureLeaving({ atMs }: CallEnded, attempts: readonly Attempt[]): void {
    for (const { begun, ended } of attempts) {
      if (begun !== undefined && ended !== undefined && begun.atMs < atMs && ended.atMs > atMs)
        this.abortMs.push(ended.atMs - atMs)
    }
  }

  /** What came before the error is what the upstream sent, and the error stands there once. */
  #judgeError({ call, text = '', status }: CallEnded, attempts: readonly Attempt[], say: (what: string) => void): void {
    const { wire, stream } = planOf(this.#seed, call)
    if (status !== 200) return
    if (!stream) return say('a failure with status 200')
    const mark = ERROR_MARKS[wire]
    const at = text.indexOf(mark)
    if (at === -1 || text.indexOf(mark, at + 1) !== -1) return say('its error does not stand there exactly once')
    // Of long answers the upstream tells only the digest.
    if (attempts.some(({ ended }) => ended !== undefined && ended.text === undefined)) return
    const before = text.slice(0, at)
    if (before !== '' && !attempts.some(({ ended }) => ended?.text?.startsWith(before) === true))
      say('what came before its error is not what the upstream sent')
  }

  #complain(call: number, what: string, ended: CallEnded, attempts: readonly Attempt[]): void {
    this.complained += 1
    if (this.complaints.length >= MOST_COMPLAINTS) return
    const told = attempts.map(({ begun, ended: end }) => {
      const size =
        end === undefined
          ? 'open'
          : `${end.whole ? 'whole' : 'cut'}, ${end.bytes} bytes, ${ms(end.atMs - (begun?.atMs ?? 0))} from ${ms((begun?.atMs ?? 0) - ended.beganAtMs)} on`
      return `${begun?.kind ?? '?'} (${size})`
    })
    const { ending, status, text } = ended
    this.complaints.push(
      `call ${call}: ${what}: ${JSON.stringify(planOf(this.#seed, call))}; the client: ${ending} ${status} after ${ms(ended.atMs - ended.beganAtMs)}; ` +
        `the upstream: ${told.join(', ') || 'not asked'}${text === undefined ? '' : `; got ${JSON.stringify(text.slice(0, 600))}`}`,
    )
  }
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}
