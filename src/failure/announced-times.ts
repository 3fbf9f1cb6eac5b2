/** What a payload announces about its own end. */
export interface AnnouncedTimes {
  /** Wait at least this long, ms from `seenAtMs`. */
  readonly retryAfterMs?: number
  /** Epoch ms. */
  readonly resetAt?: number
  /** `calendar`: not announced, but known of this kind of window. */
  readonly timeSource?: 'body' | 'header' | 'prose' | 'calendar'
}
