/** Why a credential was lent, and where the others stood at that moment. */
export interface Choice {
  /** `session`, `retry`, `trial`, or the strategy and what it saw: `quota_aware: 63 % of 5h left`. */
  readonly because: string
  /** The other credentials of the pool by the same predicates that selected, worked out when asked; a handful at most. */
  others(): readonly { readonly label: string; readonly standing: string }[]
  /** The credential that served this session before, when it is another one now. */
  readonly movedFrom?: string
}
