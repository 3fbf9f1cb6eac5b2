import type { ApiName, Channel } from './evidence.ts'
import type { FailureLabel } from './labels.ts'

/** Calendars on which providers reset windows that they announce no time for. */
export type ResetCalendar = 'midnight-utc' | 'midnight-pacific' | 'month-utc'

/** One value or several alternatives. */
export type OneOrMore<T> = T | readonly T[]

/** A response header by its lower-case name; `true` = any value. */
export interface HeaderCondition {
  readonly name: string
  readonly is: string | RegExp | true
}

/**
 * One row of a rule table. Every field that is present must hold; the first row that holds wins.
 * Exact codes come before types, types before prose, prose before status.
 */
export interface Rule {
  readonly is: FailureLabel
  /**
   * Names the fixture that reaches this row first: `<provider>/<what>` is `test/fixtures/<provider>/<what>.json`.
   * It is also the name that `Failure.rule` carries.
   */
  readonly seen: string
  /** The provider's machine code (`error.code`, `error.details.error_code`, ...), compared without case; a pattern is held against the lower-cased code. */
  readonly code?: OneOrMore<string> | RegExp
  /** The provider's error type (`error.type`, `status` of Google errors, ...), compared without case. */
  readonly type?: OneOrMore<string> | RegExp
  /** HTTP status, or the numeric code inside the body when the HTTP status is 200. A pair is an inclusive range. */
  readonly status?: OneOrMore<number> | { readonly from: number; readonly to: number }
  /** Provider prose (never text that echoes the user's prompt), lower-cased before matching. */
  readonly text?: RegExp
  /** Thrown error name or code along the cause chain. */
  readonly thrown?: OneOrMore<string>
  /** A response header that must be present; of several each must hold. */
  readonly header?: OneOrMore<HeaderCondition>
  /** `model-full`: the limit of the model that was asked for is used up while the account's own windows are not. */
  readonly window?: 'model-full'
  readonly param?: OneOrMore<string>
  readonly api?: OneOrMore<ApiName>
  /** Only for rows about the shape of a channel (an empty body, an end without terminal event), never to change a code's meaning. */
  readonly channel?: OneOrMore<Channel>
  /** The limit is about this model only. */
  readonly modelScoped?: true
  /** How the body looks: an HTML page never speaks through its prose unless a row says so. */
  readonly shape?: OneOrMore<'json' | 'html' | 'text' | 'empty'>
  /** The words fit a throttle and a spent window alike: the announced duration decides between `rate_limit` and `quota_exhausted`. */
  readonly byDuration?: true
  /** Durations in the payload are not about this failure (RetryInfo beside a per-day quota). */
  readonly ignoreTimes?: true
  /** When such a window ends, for payloads that do not say. */
  readonly resets?: ResetCalendar
}
