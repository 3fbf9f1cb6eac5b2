/** Why a request cannot be carried without changing what it means. */
export interface Refusal {
  readonly parameter: string
  readonly message: string
  readonly code: 'unsupported_parameter' | 'previous_response_not_found'
}

/** An upstream that invents a type for every item must not fill a header. */
const MOST_NAMES = 40

/** What a translation could not carry. */
export class LossReport {
  readonly #dropped = new Set<string>()
  #refusal: Refusal | undefined

  /** Left out without a change of meaning: told in `x-sparekey-dropped`. */
  drop(name: string): void {
    if (this.#dropped.size < MOST_NAMES) this.#dropped.add(name)
  }

  /** Cannot be left out. The first one is told. */
  refuse(parameter: string, message: string, code: Refusal['code'] = 'unsupported_parameter'): void {
    this.#refusal ??= { parameter, message, code }
  }

  get dropped(): readonly string[] {
    return [...this.#dropped]
  }

  get refusal(): Refusal | undefined {
    return this.#refusal
  }
}
