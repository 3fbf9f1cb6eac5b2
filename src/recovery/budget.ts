/** Where a full budget starts, what a retry costs and what a success gives back. */
export interface RetryBudgetTerms {
  readonly tokens: number
  readonly retryCost: number
  readonly successGain: number
}

export const DEFAULT_RETRY_BUDGET: RetryBudgetTerms = { tokens: 500, retryCost: 5, successGain: 1 }

/**
 * Retries of a whole process. An outage empties it, and from then on calls fail over or surface at once
 * instead of multiplying the traffic of a provider that is already down. Rotation never spends it.
 */
export class RetryBudget {
  readonly #terms: RetryBudgetTerms
  #tokens: number

  constructor(terms: RetryBudgetTerms = DEFAULT_RETRY_BUDGET) {
    this.#terms = terms
    this.#tokens = terms.tokens
  }

  get tokens(): number {
    return this.#tokens
  }

  allowsRetry(): boolean {
    return this.#tokens >= this.#terms.retryCost
  }

  spendRetry(): void {
    this.#tokens = Math.max(0, this.#tokens - this.#terms.retryCost)
  }

  earnSuccess(): void {
    this.#tokens = Math.min(this.#terms.tokens, this.#tokens + this.#terms.successGain)
  }
}
