import type { Retries } from './policy.ts'

/** Spread of every backoff: +-20 %, so that many clients do not come back in the same millisecond. */
const JITTER = 0.2

/**
 * The wait before retry number `retry` (0 = the first), ms.
 * A provider's hint replaces the ladder and is only ever lengthened by jitter: coming back a moment before the hinted time is a second failure.
 * @param chance uniform in [0, 1)
 * @returns undefined when the hint is longer than the row accepts
 */
export function backoffMs(
  retries: Retries,
  retry: number,
  hintMs: number | undefined,
  chance: number,
): number | undefined {
  if (hintMs !== undefined && retries.useHintUpToMs !== undefined) {
    return hintMs <= retries.useHintUpToMs ? Math.ceil(hintMs * (1 + JITTER * chance)) : undefined
  }
  const ladder = retries.backoffMs
  const base = ladder[Math.min(retry, ladder.length - 1)] ?? 0
  return Math.round(base * (1 - JITTER + 2 * JITTER * chance))
}
