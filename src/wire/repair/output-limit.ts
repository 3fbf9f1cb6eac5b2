import { asNumber, asObject, type JsonObject } from '../json.ts'
import type { WireName } from '../wire.ts'
import type { Mender, Refusal } from './repair.ts'

/** Where each protocol has its limit; the first name is set when the caller gave none. */
const FIELDS: Readonly<Record<WireName, readonly string[]>> = {
  responses: ['max_output_tokens'],
  'chat-completions': ['max_tokens', 'max_completion_tokens'],
  messages: ['max_tokens'],
}
/** With less room an answer would be cut in its first words: then the conversation is too long, and that is told. */
const SMALLEST_ROOM = 256
/** Anthropic's smallest budget for thinking. */
const SMALLEST_BUDGET = 1_024

interface Bounds {
  readonly least?: number
  readonly most?: number
}

const NAMED = /max_?(?:completion_|output_|new_)?tokens|maxOutputTokens|maximum tokens|output tokens/i

/** How providers tell what fits; `requires` must be named beside it where the words alone could mean something else. */
const WORDINGS: ReadonlyArray<{
  readonly text: RegExp
  readonly requires?: RegExp
  readonly bounds: (numbers: readonly number[], text: string) => Bounds
}> = [
  {
    text: /input length and .?max_tokens.? exceed context limit: (\d+) \+ \d+ > (\d+)/i,
    bounds: ([input = 0, context = 0]) => room(context, input),
  },
  {
    text: /context length (?:is|of) (\d+)(?: tokens)?[^]*?requested (?:about )?(\d+) tokens \([^)]*?(\d+) in (?:the|your) (?:output|completion)/i,
    bounds: ([context = 0, asked = 0, output = 0], text) => {
      const input = asked - output
      return room(context, /about/i.test(text) ? Math.ceil(input * 1.01) : input)
    },
  },
  {
    text: /context length is (\d+) tokens and your request has (\d+) input tokens/i,
    bounds: ([context = 0, input = 0]) => room(context, input),
  },
  {
    text: /max_new_tokens.? must be <= (\d+)\. given: (\d+) .?inputs/i,
    bounds: ([sum = 0, input = 0]) => room(sum, input),
  },
  { text: /\d+ > (\d+), which is the maximum allowed number of output tokens/i, bounds: ([most = 0]) => ({ most }) },
  { text: /supports at most (\d+) (?:completion|output) tokens/i, bounds: ([most = 0]) => ({ most }) },
  { text: /less than or equal to .?(\d+)/i, requires: NAMED, bounds: ([most = 0]) => ({ most }) },
  {
    text: /range (?:of|for) max_tokens (?:is|should be) \[(\d+), ?(\d+)\]/i,
    bounds: ([least = 1, most = 0]) => ({ least, most }),
  },
  {
    text: /supported range is from \d+ \(inclusive\) to (\d+) \(exclusive\)/i,
    requires: NAMED,
    bounds: ([end = 0]) => ({ most: end - 1 }),
  },
  { text: /exceeds the model limit of (\d+)/i, requires: NAMED, bounds: ([most = 0]) => ({ most }) },
  { text: /expected a value <= (\d+)/i, requires: NAMED, bounds: ([most = 0]) => ({ most }) },
  { text: /expected a value >= (\d+)/i, requires: NAMED, bounds: ([least = 0]) => ({ least }) },
]

/** Brings the caller's limit for the answer to what the provider says that fits. */
export const mendOutputLimit: Mender = (refusal, { wire, body }) => {
  const { least = 0, most = Number.POSITIVE_INFINITY } = boundsOf(refusal)
  if (most < 1 || least > most) return undefined
  const fields = FIELDS[wire].filter((field) => asNumber(body[field]) !== undefined)
  const asked = asNumber(body[fields[0] ?? ''])
  const fitting = Math.min(Math.max(asked ?? most, least), most)
  if (fitting === asked || !Number.isFinite(fitting)) return undefined
  return {
    what: `${asked ?? 'none'} -> ${fitting}`,
    change: (request) => {
      const names = fields.length > 0 ? fields : FIELDS[request.wire].slice(0, 1)
      const limits = Object.fromEntries(names.map((name) => [name, fitting]))
      return { ...request, body: { ...withBudget(request.body, fitting), ...limits } }
    },
  }
}

function boundsOf({ message, param }: Refusal): Bounds {
  const text = message.replace(/(\d),(?=\d{3}\b)/g, '$1')
  for (const wording of WORDINGS) {
    const found = wording.text.exec(text)
    if (found === null || (wording.requires !== undefined && !wording.requires.test(`${param} ${text}`))) continue
    return wording.bounds(found.slice(1).map(Number), text)
  }
  return {}
}

function room(context: number, input: number): Bounds {
  const most = context - input
  return most < SMALLEST_ROOM ? { most: 0 } : { most }
}

/** A budget for thinking must be smaller than the limit that it is part of. */
function withBudget(body: JsonObject, limit: number): JsonObject {
  const thinking = asObject(body['thinking'])
  const budget = asNumber(thinking?.['budget_tokens'])
  if (budget === undefined || budget < limit) return body
  if (limit > SMALLEST_BUDGET) {
    const smaller = Math.max(SMALLEST_BUDGET, Math.floor(limit / 2))
    return { ...body, thinking: { ...thinking, budget_tokens: smaller } }
  }
  const { thinking: _, ...rest } = body
  return rest
}
