/** A cached prefix is kept this long after its last use. */
const KEPT_MS = 10 * 60_000

interface Place {
  readonly account: string
  readonly untilMs: number
}

/** Where the cached prompt of each session lies. A cache belongs to one account. */
export class PromptCache {
  readonly #places = new Map<string, Place>()

  /**
   * Takes note of an answered call.
   * @returns `hit`; `cold`: there was nothing to find any more; `moved`: it lies warm at another account
   */
  use(session: string, account: string, nowMs: number): 'hit' | 'cold' | 'moved' {
    const place = this.#places.get(session)
    this.#places.set(session, { account, untilMs: nowMs + KEPT_MS })
    if (place === undefined || nowMs >= place.untilMs) return 'cold'
    return place.account === account ? 'hit' : 'moved'
  }
}
