import type { FailureLabel } from '../failure/labels.ts'
import { type RequestNeeds, requestNeeds } from '../wire/request-needs.ts'
import type { Call, Capabilities, Route } from './call.ts'
import { routeName } from './route-name.ts'
import { translationOf } from './translated-call.ts'

/** Why a route cannot be asked this at all, found before anybody is. */
export interface Unfit {
  /** What the answer's `x-sparekey-fallback` says when the first route is passed over for it. */
  readonly reason: 'untranslatable' | 'incapable'
  readonly label: Extract<FailureLabel, 'invalid_request' | 'context_overflow'>
  readonly message: string
  readonly code: string
}

/** An estimate may be a half too high: only a request that is surely too long is kept from a route, the others are for the provider to judge. */
const SURE_SHARE = 0.65

interface Check {
  readonly lacks: (can: Capabilities, needs: RequestNeeds) => boolean
  readonly label: Unfit['label']
  readonly message: (can: Capabilities, needs: RequestNeeds) => string
}

const CHECKS: readonly Check[] = [
  {
    lacks: ({ contextTokens = Number.POSITIVE_INFINITY }, { textTokens }) => textTokens * SURE_SHARE > contextTokens,
    label: 'context_overflow',
    message: (can, needs) =>
      `the request has about ${needs.textTokens} tokens, and the model's window is ${can.contextTokens} tokens`,
  },
  {
    lacks: ({ maxOutputTokens = Number.POSITIVE_INFINITY }, needs) => (needs.maxOutputTokens ?? 0) > maxOutputTokens,
    label: 'invalid_request',
    message: (can, needs) =>
      `the request asks for up to ${needs.maxOutputTokens} tokens of output, and the model gives at most ${can.maxOutputTokens}`,
  },
  {
    lacks: (can, { tools }) => tools && can.tools === false,
    label: 'invalid_request',
    message: () => 'the request has tools, and the model takes none',
  },
  {
    lacks: (can, { images }) => images > 0 && can.images === false,
    label: 'invalid_request',
    message: () => 'the request has images, and the model takes none',
  },
  {
    lacks: (can, { structuredOutput }) => structuredOutput && can.structuredOutput === false,
    label: 'invalid_request',
    message: () => 'the request wants an answer by a schema, and the model gives none',
  },
]

const NEEDS = new WeakMap<Call, RequestNeeds>()

/** Looks whether a route can be told this call and is able to serve it. A route of whose model nothing is known is. @param mayShorten a conversation that does not fit is made shorter. @returns undefined when it is */
export function whyUnfit(call: Call, route: Route, mayShorten = false): Unfit | undefined {
  const translation = translationOf(call, route)
  if (translation.kind === 'refused') {
    const message = `${translation.message} (${translation.parameter}, ${route.provider})`
    return { reason: 'untranslatable', label: 'invalid_request', message, code: translation.code }
  }
  const can = route.capabilities
  if (can === undefined) return undefined
  let needs = NEEDS.get(call)
  if (needs === undefined) NEEDS.set(call, (needs = requestNeeds(call.wire, call.body)))
  for (const { lacks, label, message } of CHECKS) {
    if (!lacks(can, needs) || (mayShorten && label === 'context_overflow')) continue
    const code = label === 'context_overflow' ? 'context_length_exceeded' : 'unsupported_parameter'
    return { reason: 'incapable', label, message: `${message(can, needs)} (${routeName(route)})`, code }
  }
  return undefined
}
