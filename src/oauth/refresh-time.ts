/** Tokens are renewed this long before they end, ms. */
const SKEW_MS = 120_000
/** Up to this part of the skew is taken off, so that processes do not line up. */
const JITTER = 0.2
/** A request that is sent with less life than this may arrive with a dead token, ms. */
const TRAVEL_MS = 2_000

/** The times of a token. */
export interface TokenLife {
  /** Epoch ms. */
  readonly expiresAtMs?: number
  readonly obtainedAtMs?: number
}

/**
 * Whether a token should be renewed before it is used: 120 s before its end, and a short-lived one at half of its life.
 * @param chance uniform in [0, 1), drawn once per process
 * @returns false for tokens that do not tell when they end: a 401 tells then
 */
export function isDue(life: TokenLife, nowMs: number, chance: number): boolean {
  if (life.expiresAtMs === undefined) return false
  return nowMs >= life.expiresAtMs - skewOf(life) * (1 - JITTER * chance)
}

/** Whether a request that is sent now arrives with a living token. */
export function stillLives(life: TokenLife, nowMs: number): boolean {
  return life.expiresAtMs === undefined || nowMs < life.expiresAtMs - Math.min(TRAVEL_MS, skewOf(life) / 4)
}

/** At most half of the life: a token of 130 s would be renewed every 10 s else. */
function skewOf({ expiresAtMs = 0, obtainedAtMs }: TokenLife): number {
  return obtainedAtMs === undefined ? SKEW_MS : Math.min(SKEW_MS, Math.max(0, expiresAtMs - obtainedAtMs) / 2)
}
