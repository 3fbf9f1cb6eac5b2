import type { Platform } from '../platform/platform.ts'
import type { HistoryBounds, HistoryStore, KeptAnswer } from '../pool/store-contract.ts'
import { LASTING_LOCK_MS, WritingTrouble } from '../telemetry/writing-trouble.ts'
import { addedInput, answeredBy, type OwnedStep, readStep } from '../wire/responses/history.ts'
import type { AttemptAnswer } from './attempt.ts'
import type { Call } from './call.ts'
import { previousResponseOf } from './previous-response.ts'
import { type ReadResponse, RecordingBody } from './recording-body.ts'

/** An answer is written this long behind its end, so that its last bytes go first. */
const WRITE_AFTER_MS = 1
const TRY_AGAIN_AFTER_MS = 20
/** A call that goes on waits this long for an answer that others do not let us write. */
const LONGEST_LOOK_MS = 300
/** Of answers that wait to be written, with their requests. */
const MOST_WAITING_CHARACTERS = 64 * 1024 * 1024
/** Nobody may come again for a conversation that is too old: it is looked for. */
const PRUNE_EVERY_MS = 3_600_000
/** Everybody who may use a gateway without a key, or this process: the home's own user. */
const OWN_CLIENT = 'local'

export interface HistorySettings {
  readonly open: () => Promise<HistoryStore>
  readonly platform: Platform
  readonly bounds: HistoryBounds
  /** Told once, and when it is over. */
  readonly onTrouble: (message: string) => void
}

/** An answer that has ended and is not yet written. */
interface Waiting {
  readonly client: string
  readonly characters: number
  /** Takes it apart, the first time. @returns undefined when nobody can go on from it */
  read(): KeptAnswer | undefined
}

/** Who made an answer, and whether its request still means what was sent. */
export interface Made {
  /** @default it was translated */
  readonly ownerId: string | undefined
  /** What it went on from was left out of its request: the answer begins a conversation. */
  readonly anew: boolean
}

/**
 * Keeps what was said in conversations whose clients send only what is new, so that another account can be told all of it.
 * Best effort: no call waits for a write, and a store that fails costs only the memory.
 */
export class ConversationHistory {
  readonly #settings: HistorySettings
  #bounds: HistoryBounds
  #opening: Promise<HistoryStore> | undefined
  #waiting: Waiting[] = []
  #writing: Promise<void> = Promise.resolve()
  #cancelTimer: (() => void) | undefined
  readonly #stopPruning: () => void
  readonly #trouble: WritingTrouble
  #closing: Promise<void> | undefined

  constructor(settings: HistorySettings) {
    this.#settings = settings
    this.#bounds = settings.bounds
    this.#trouble = new WritingTrouble({
      clock: settings.platform.clock,
      tell: settings.onTrouble,
      broken: 'conversations are not kept',
      mended: () => 'conversations are kept again',
    })
    const prune = () => void this.#tried(async (store) => store.prune(this.#bounds, settings.platform.clock.now()))
    this.#stopPruning = settings.platform.timers.every(PRUNE_EVERY_MS, prune, { unref: true })
  }

  /** Other bounds from now on. */
  keepWithin(bounds: HistoryBounds): void {
    this.#bounds = bounds
  }

  /** Who made the answer that a call goes on from, when all of its conversation is here. Never throws. */
  async look(call: Call, previous: string): Promise<{ readonly ownerId: string | undefined } | undefined> {
    const { clock, timers } = this.#settings.platform
    const client = clientOf(call)
    const untilMs = clock.monotonic() + LONGEST_LOOK_MS
    await this.flush()
    while (this.#isWaiting(client, previous) && clock.monotonic() < untilMs) {
      if ((await timers.sleep(TRY_AGAIN_AFTER_MS, call.signal)) === 'aborted') return undefined
      await this.flush()
    }
    return this.#tried((store) => store.look(client, previous, this.#bounds, clock.now()))
  }

  /** The conversation that a call goes on from, from its beginning. Never throws. @returns undefined when it is not here as a whole */
  async steps(call: Call, previous: string): Promise<readonly OwnedStep[] | undefined> {
    const { clock } = this.#settings.platform
    const kept = await this.#tried((store) => store.conversation(clientOf(call), previous, this.#bounds, clock.now()))
    const steps: OwnedStep[] = []
    for (const { ownerId, text } of kept ?? []) {
      const step = readStep(text)
      if (step === undefined) return undefined
      steps.push({ ...step, ownerId })
    }
    return kept === undefined ? undefined : steps
  }

  /** The same answer; what it says is kept behind its end, if its client can go on from it. */
  recorded(call: Call, answer: AttemptAnswer, made: Made): AttemptAnswer {
    const input = call.wire === 'responses' ? addedInput(call.body) : undefined
    if (input === undefined || this.#closing !== undefined) return answer
    const client = clientOf(call)
    const body = new RecordingBody(answer.body, answer.whole, this.#bounds.maxBytes, (read, characters) => {
      // The request waits with its answer.
      const size = characters + call.bytes.length
      const waiting = { client, characters: size, read: once(() => keptAnswer(call, input, read, made)) }
      this.#keep(waiting)
    })
    return { ...answer, body }
  }

  /** Writes what waits. Never throws. */
  flush(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#waiting.length > 0) this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  /** Writes what waits, for five seconds where others do not let us, and closes the store; later answers are not kept. Never throws. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { clock, timers } = this.#settings.platform
    const untilMs = clock.monotonic() + LASTING_LOCK_MS
    this.#stopPruning()
    await this.flush()
    while (this.#waiting.length > 0 && clock.monotonic() < untilMs) {
      await timers.sleep(TRY_AGAIN_AFTER_MS)
      await this.flush()
    }
    await this.#opening?.then(
      (store) => store.close(),
      () => undefined,
    )
  }

  #keep(waiting: Waiting): void {
    if (this.#closing !== undefined) return
    this.#waiting.push(waiting)
    let characters = this.#waiting.reduce((sum, each) => sum + each.characters, 0)
    while (characters > MOST_WAITING_CHARACTERS) characters -= this.#waiting.shift()?.characters ?? characters
    this.#writeAfter(WRITE_AFTER_MS)
  }

  #isWaiting(client: string, id: string): boolean {
    try {
      return this.#waiting.some((waiting) => waiting.client === client && waiting.read()?.id === id)
    } catch {
      // It cannot be taken apart; whoever writes tells that.
      return false
    }
  }

  async #write(): Promise<void> {
    for (;;) {
      const [waiting] = this.#waiting
      if (waiting === undefined) return
      try {
        const answer = waiting.read()
        const store = await this.#store()
        if (answer !== undefined) await store.put(answer, this.#bounds, this.#settings.platform.clock.now())
        this.#trouble.worked()
      } catch (error) {
        if (this.#trouble.failed(error) === 'brief_lock') return this.#writeAfter(TRY_AGAIN_AFTER_MS)
      }
      this.#waiting = this.#waiting.filter((each) => each !== waiting)
    }
  }

  #writeAfter(ms: number): void {
    if (this.#closing !== undefined) return
    this.#cancelTimer ??= this.#settings.platform.timers.after(ms, () => void this.flush(), { unref: true })
  }

  async #tried<T>(work: (store: HistoryStore) => Promise<T>): Promise<T | undefined> {
    if (this.#closing !== undefined) return undefined
    try {
      const found = await work(await this.#store())
      this.#trouble.worked()
      return found
    } catch (error) {
      this.#trouble.failed(error)
      return undefined
    }
  }

  #store(): Promise<HistoryStore> {
    this.#opening ??= this.#settings.open().catch((error: unknown) => {
      // The next answer tries again: a disk that was full may have room by then.
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }
}

function keptAnswer(
  call: Call,
  input: readonly unknown[],
  read: ReadResponse,
  { anew, ownerId }: Made,
): KeptAnswer | undefined {
  const answered = answeredBy(read())
  if (answered === undefined) return undefined
  const { id, output } = answered
  const previous = anew ? undefined : previousResponseOf(call)
  return { client: clientOf(call), id, previous, ownerId, text: JSON.stringify({ input, output }) }
}

/** What waits for others to unlock the store is asked again and again. */
function once(read: () => KeptAnswer | undefined): () => KeptAnswer | undefined {
  let unread: typeof read | undefined = read
  let answer: KeptAnswer | undefined
  return () => {
    answer = unread === undefined ? answer : unread()
    // What it was made of goes.
    unread = undefined
    return answer
  }
}

function clientOf({ caller = OWN_CLIENT }: Call): string {
  return caller
}
