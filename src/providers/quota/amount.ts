/** Longest text that is looked at as a number. */
const LONGEST_TEXT = 24

/**
 * Reads a number of a header or a JSON field: `12`, `"12.5"`; providers write either.
 * @returns undefined for everything else, negative numbers included (they mean "no limit")
 */
export function amountOf(value: unknown): number | undefined {
  const amount = signedAmountOf(value)
  return amount === undefined || amount < 0 ? undefined : amount
}

/** Like `amountOf`, for balances: an account may owe. */
export function signedAmountOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || value.length > LONGEST_TEXT) return undefined
  return /^[+-]?\d{1,15}(?:\.\d+)?$/.test(value.trim()) ? Number(value) : undefined
}

/** Reads a truth value; ChatGPT's backend writes `True` and `False` as Python does. */
export function truthOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') return undefined
  const word = value.trim().toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : undefined
}
