import type { HistoryBounds, HistoryStore, KeptAnswer } from '../pool/store-contract.ts'
import { DEEPEST, ROW_BYTES, slotOf } from './history-slots.ts'

/** Whoever is full makes room for many answers at once: finding the oldest of fifty thousand takes tens of milliseconds. */
const FULL_AGAIN = 0.98

interface Kept {
  readonly answer: KeptAnswer
  /** Key of the answer before it. */
  readonly previous: string | undefined
  readonly depth: number
  readonly bytes: number
  readonly totalBytes: number
  atMs: number
  /** Two answers had this id: nobody knows which one is meant. */
  twice: boolean
}

/** Conversations that live and die with their process. */
export class MemoryHistory implements HistoryStore {
  readonly #kept = new Map<string, Kept>()
  #bytes = 0
  /** The slot in which what is too old was looked for last. */
  #prunedAtMs: number | undefined

  async put(answer: KeptAnswer, bounds: HistoryBounds, nowMs: number): Promise<boolean> {
    const key = keyOf(answer.client, answer.id)
    const there = this.#kept.get(key)
    if (there !== undefined) {
      there.twice = true
      return false
    }
    const previous = answer.previous === undefined ? undefined : keyOf(answer.client, answer.previous)
    const parent = previous === undefined ? undefined : this.#find(previous, bounds, nowMs)
    if (previous !== undefined && parent === undefined) return false
    const bytes = ROW_BYTES + Buffer.byteLength(answer.text)
    const totalBytes = bytes + (parent?.totalBytes ?? 0)
    const depth = (parent?.depth ?? 0) + 1
    if (totalBytes > bounds.maxBytes || depth > DEEPEST) return false
    const atMs = slotOf(nowMs, bounds)
    this.#kept.set(key, { answer, previous, depth, bytes, totalBytes, atMs, twice: false })
    this.#bytes += bytes
    this.#touch(previous, atMs)
    if (this.#prunedAtMs !== atMs || this.#bytes > bounds.maxTotalBytes) await this.prune(bounds, nowMs)
    return true
  }

  async look(client: string, id: string, bounds: HistoryBounds, nowMs: number) {
    const found = this.#find(keyOf(client, id), bounds, nowMs)
    return found === undefined ? undefined : { ownerId: found.answer.ownerId }
  }

  async conversation(client: string, id: string, bounds: HistoryBounds, nowMs: number) {
    const answers: KeptAnswer[] = []
    let key: string | undefined = keyOf(client, id)
    while (key !== undefined) {
      const found: Kept | undefined = this.#find(key, bounds, nowMs)
      if (found === undefined) return undefined
      answers.push(found.answer)
      key = found.previous
    }
    return answers.reverse()
  }

  async prune(bounds: HistoryBounds, nowMs: number): Promise<void> {
    this.#prunedAtMs = slotOf(nowMs, bounds)
    for (const [key, { atMs }] of this.#kept) if (atMs < nowMs - bounds.keepMs) this.#remove(key)
    if (this.#bytes <= bounds.maxTotalBytes) return
    const oldest = [...this.#kept].sort(([, one], [, other]) => one.atMs - other.atMs || other.depth - one.depth)
    for (const [key] of oldest) {
      if (this.#bytes <= bounds.maxTotalBytes * FULL_AGAIN) return
      this.#remove(key)
    }
  }

  async close(): Promise<void> {}

  forget(): void {
    this.#kept.clear()
    this.#bytes = 0
  }

  #find(key: string, bounds: HistoryBounds, nowMs: number): Kept | undefined {
    const found = this.#kept.get(key)
    return found === undefined || found.twice || found.atMs < nowMs - bounds.keepMs ? undefined : found
  }

  /** What an answer goes on from stays as long as it does. */
  #touch(from: string | undefined, atMs: number): void {
    for (let each = this.#kept.get(from ?? ''); each !== undefined; each = this.#kept.get(each.previous ?? '')) {
      if (each.atMs >= atMs) return
      each.atMs = atMs
    }
  }

  #remove(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0
    this.#kept.delete(key)
  }
}

function keyOf(client: string, id: string): string {
  return `${client}\n${id}`
}
