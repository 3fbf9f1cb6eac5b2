/** One usage window as a provider announced it. */
export interface QuotaWindow {
  /** `5h`, `7d`, `requests`, `tokens`, ... */
  readonly name: string
  /** 0 = untouched, 100 = full; may exceed 100. */
  readonly usedPercent: number
  /** Length in minutes, when announced. */
  readonly windowMinutes?: number
  /** Epoch ms. */
  readonly resetAt?: number
  /** The window counts this model only. */
  readonly model?: string
}

/** Where a reading comes from: headers of an answer, or the provider's usage endpoint. */
export type QuotaSource = 'header' | 'usage'

/** A window together with its evidence. */
export interface KnownWindow extends QuotaWindow {
  readonly source: QuotaSource
  /** Epoch ms at which the provider was asked: what it said is at least as old. */
  readonly readAtMs: number
}

/** What is known of a credential's limits. A new token of the same account keeps them: limits belong to the account. */
export interface CredentialQuota {
  readonly credentialId: string
  readonly windows: readonly KnownWindow[]
  readonly planType?: string
  /** Credits left beside the windows, in the provider's own unit. */
  readonly creditsBalance?: number
}

/** One look at a credential's limits, to be merged with what is known. */
export interface QuotaReading {
  readonly credentialId: string
  readonly windows: readonly QuotaWindow[]
  readonly source: QuotaSource
  readonly readAtMs: number
  readonly planType?: string
  readonly creditsBalance?: number
}

/** A provider that invents a name for every answer must not fill the memory. */
const MOST_WINDOWS = 32
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** Adds a reading to what is known: window by window, the newer one counts. Pure. */
export function mergeQuota(known: CredentialQuota | undefined, reading: QuotaReading): CredentialQuota {
  const { credentialId, source, readAtMs } = reading
  const byKey = new Map((known?.windows ?? []).map((window) => [keyOf(window), window]))
  for (const window of reading.windows) {
    if (!Number.isFinite(window.usedPercent)) continue
    const before = byKey.get(keyOf(window))
    // An answer that was asked for earlier may arrive later: its news is old.
    if (before !== undefined && before.readAtMs > readAtMs) continue
    byKey.set(keyOf(window), { ...window, source, readAtMs })
  }
  const windows = [...byKey.values()].sort((a, b) => b.readAtMs - a.readAtMs).slice(0, MOST_WINDOWS)
  const planType = reading.planType ?? known?.planType
  const creditsBalance = reading.creditsBalance ?? known?.creditsBalance
  return {
    credentialId,
    windows,
    ...(planType === undefined ? {} : { planType }),
    ...(creditsBalance === undefined ? {} : { creditsBalance }),
  }
}

/** Percent of a window that is left, 0 to 100. A window whose reset has passed counts as untouched: its reading is about the past. */
export function leftOf(window: QuotaWindow, nowMs: number): number {
  if (window.resetAt !== undefined && window.resetAt <= nowMs) return 100
  return Math.min(100, Math.max(0, 100 - window.usedPercent))
}

/**
 * The window with least left that counts for `model`, among those that last: a throttle of a minute says nothing about the next hour,
 * and moving a session for it costs its prompt cache.
 * @param model `undefined` looks at the windows of the whole credential
 * @returns undefined when nothing is known
 */
export function tightestWindow(
  quota: CredentialQuota | undefined,
  model: string | undefined,
  nowMs: number,
): { readonly window: KnownWindow; readonly leftPercent: number } | undefined {
  let tightest: { readonly window: KnownWindow; readonly leftPercent: number } | undefined
  for (const window of quota?.windows ?? []) {
    if (window.model !== undefined && window.model !== model) continue
    if (!lasts(window)) continue
    const leftPercent = leftOf(window, nowMs)
    if (tightest === undefined || leftPercent < tightest.leftPercent) tightest = { window, leftPercent }
  }
  return tightest
}

/** The window is an hour or longer: by its length, else by how far away its reset was when it was read. */
function lasts(window: KnownWindow): boolean {
  if (window.windowMinutes !== undefined) return window.windowMinutes * MINUTE_MS >= HOUR_MS
  if (window.resetAt === undefined) return window.source === 'usage'
  return window.resetAt - window.readAtMs >= HOUR_MS
}

function keyOf(window: QuotaWindow): string {
  return `${window.name}\n${window.model ?? ''}`
}
