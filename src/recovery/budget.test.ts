import { expect, it } from 'vitest'
import { RetryBudget } from './budget.ts'

it('allows 100 retries in a row, then none, and five successes buy one more', () => {
  const budget = new RetryBudget()
  for (let retry = 0; retry < 100; retry += 1) {
    expect(budget.allowsRetry()).toBe(true)
    budget.spendRetry()
  }
  expect(budget.allowsRetry()).toBe(false)
  for (let success = 0; success < 4; success += 1) budget.earnSuccess()
  expect(budget.allowsRetry()).toBe(false)
  budget.earnSuccess()
  expect(budget.allowsRetry()).toBe(true)
})

it('never holds more than it started with', () => {
  const budget = new RetryBudget({ tokens: 10, retryCost: 5, successGain: 1 })
  budget.earnSuccess()
  expect(budget.tokens).toBe(10)
})
