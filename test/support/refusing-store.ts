import { type Store, StoreError, type StoreErrorCode } from '../../src/pool/store-contract.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

export interface RefusingStore {
  readonly store: Store
  /** Names of the methods that were called, in order: `changeBench`, `places.take`, ... */
  readonly calls: string[]
  /** From now on these methods fail, and only these. @param names none = all of them answer again */
  refuse(error: StoreErrorCode | Error, ...names: readonly string[]): void
  /** Something happens, once, at the next call of this method and before it is answered: what another process does meanwhile. */
  meanwhile(name: string, happens: () => Promise<unknown>): void
}

/** A memory store that notes what it is asked, and refuses what a test wants refused, as a full disk or a locked file does. */
export function refusingStore(memory: Store = new MemoryStore()): RefusingStore {
  const calls: string[] = []
  const events = new Map<string, () => Promise<unknown>>()
  let refused: ReadonlySet<string> = new Set()
  let refusal: Error = new StoreError('full', 'refused for a test')
  const watched = <Part extends object>(part: Part, prefix: string): Part =>
    new Proxy(part, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target)
        if (typeof value === 'object' && value !== null) return watched(value, `${String(key)}.`)
        if (typeof value !== 'function') return value
        const name = `${prefix}${String(key)}`
        return async (...given: unknown[]): Promise<unknown> => {
          calls.push(name)
          const happens = events.get(name)
          events.delete(name)
          await happens?.()
          if (refused.has(name)) throw refusal
          return Reflect.apply(value, target, given) as unknown
        }
      },
    })
  return {
    store: watched(memory, ''),
    calls,
    meanwhile: (name, happens) => void events.set(name, happens),
    refuse(error, ...names) {
      refusal = error instanceof Error ? error : new StoreError(error, 'refused for a test')
      refused = new Set(names)
    },
  }
}
