/** Who is to blame for a failure: decides who may be benched and whether another credential could help. */
export type Blame = 'credential' | 'provider' | 'model' | 'network' | 'request' | 'caller' | 'none'

interface LabelMeaning {
  readonly blame: Blame
  /** One line, shown by the CLI and the docs. */
  readonly meaning: string
}

/** The vocabulary of failures. Only `classify.ts` assigns a label; everything else reads it. */
export const LABELS = {
  auth_expired: { blame: 'credential', meaning: 'token expired or unknown 401, plausibly refreshable' },
  auth_revoked: { blame: 'credential', meaning: 'dead: invalid key, revoked token, deactivated account' },
  rate_limit: { blame: 'credential', meaning: 'short throttle, clears in seconds or minutes' },
  quota_exhausted: {
    blame: 'credential',
    meaning: 'plan or usage window used up, clears at a reset hours or days away',
  },
  billing: { blame: 'credential', meaning: 'credits, balance or payment; does not clear by itself' },
  entitlement: { blame: 'credential', meaning: 'this credential may not use this model, feature or region' },
  overloaded: { blame: 'provider', meaning: 'the provider has no capacity right now' },
  server_error: { blame: 'provider', meaning: 'internal error on the provider side' },
  model_not_found: { blame: 'model', meaning: 'the model is unknown or retired for everybody' },
  invalid_response: { blame: 'provider', meaning: '200 but empty, truncated, HTML or a malformed stream' },
  timeout: { blame: 'network', meaning: 'no answer in time' },
  connection: { blame: 'network', meaning: 'refused, reset, DNS, TLS, or a stream cut before its end' },
  context_overflow: { blame: 'request', meaning: 'too many tokens for this model' },
  payload_too_large: { blame: 'request', meaning: 'body, image or file too large' },
  invalid_request: { blame: 'request', meaning: 'bad parameter, schema or tool pairing' },
  content_policy: { blame: 'request', meaning: 'refused for safety reasons' },
  cancelled: { blame: 'caller', meaning: 'the caller aborted' },
  unknown: { blame: 'none', meaning: 'really nobody could tell' },
} as const satisfies Record<string, LabelMeaning>

export type FailureLabel = keyof typeof LABELS

export const FAILURE_LABELS = Object.keys(LABELS) as readonly FailureLabel[]

/** Who is to blame for a label. */
export function blameOf(label: FailureLabel): Blame {
  return LABELS[label].blame
}
