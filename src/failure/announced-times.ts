/** What a payload announces about its own end. */
export interface AnnouncedTimes {
  /** Wait at least this long, ms from `seenAtMs`. */
  readonly retryAfterMs?: number
  /** Epoch ms. */
  readonly resetAt?: number
  readonly timeSource?: 'body' | 'header' | 'prose'
}
