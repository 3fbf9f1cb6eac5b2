import { classify } from '../failure/classify.ts'
import type { Config } from '../config/config.ts'
import { definitionOf } from '../config/resolve.ts'
import type { ApiName, Channel, Evidence, Failure, HeaderRecord } from '../failure/evidence.ts'
import type { Rule } from '../failure/rule.ts'
import { observeException } from '../failure/observe-exception.ts'
import { observeHttp } from '../failure/observe-http.ts'
import { observeSoft } from '../failure/observe-soft.ts'
import { PROVIDERS, providerNamed } from '../providers/_registry.ts'
import { encodeSse, SseFramer } from '../wire/sse.ts'
import type { WireEvidence, WireProtocol } from '../wire/wire.ts'
import { WIRES } from '../wire/wires.ts'

/** One payload as people hand it over. */
export interface PayloadLine {
  readonly provider: string
  readonly api: ApiName
  readonly surface: 'http' | 'body' | 'sse' | 'exception'
  readonly status: number | undefined
  readonly headers: HeaderRecord
  readonly event: string | undefined
  readonly body: string | undefined
  readonly error: unknown
  readonly nowMs: number | undefined
}

const APIS: Readonly<Record<string, ApiName>> = {
  chat: 'chat-completions',
  'chat-completions': 'chat-completions',
  responses: 'responses',
  messages: 'messages',
  gemini: 'gemini',
  bedrock: 'bedrock',
  oauth: 'oauth',
  other: 'other',
}

/** Reads one JSON object; only what makes no sense is refused. */
export function parseLine(text: string): { readonly line: PayloadLine } | { readonly problem: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'is not valid JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'is not a JSON object' }
  const given = value as Readonly<Record<string, unknown>>
  const { provider, api, surface, status, headers, event, body, error, now } = given
  if (surface !== undefined && surface !== 'http' && surface !== 'body' && surface !== 'sse' && surface !== 'exception')
    return { problem: 'surface is http, body, sse or exception' }
  if (status !== undefined && status !== null && typeof status !== 'number') return { problem: 'status is a number' }
  const known = api === undefined || api === null ? 'other' : typeof api === 'string' ? APIS[api] : undefined
  if (known === undefined) return { problem: `api is one of ${Object.keys(APIS).join(', ')}` }
  const nowMs = typeof now === 'string' ? Date.parse(now) : typeof now === 'number' ? now : undefined
  return {
    line: {
      provider: typeof provider === 'string' ? provider : 'unknown',
      api: known,
      surface:
        surface ??
        (error === undefined || error === null
          ? typeof status === 'number' && status < 400
            ? 'body'
            : 'http'
          : 'exception'),
      status: typeof status === 'number' ? status : undefined,
      headers: Object.fromEntries(
        Object.entries((headers ?? {}) as Record<string, unknown>).map(([name, each]) => [
          name.toLowerCase(),
          String(each),
        ]),
      ),
      event: typeof event === 'string' && event !== '' ? event : undefined,
      body: typeof body === 'string' ? body : body === undefined || body === null ? undefined : JSON.stringify(body),
      error: error ?? undefined,
      nowMs: nowMs !== undefined && Number.isFinite(nowMs) ? nowMs : undefined,
    },
  }
}

/** Goes the way that the relay goes: the same observers, the same wires, the same table. */
export function classifyLine(line: PayloadLine, nowMs: number, config?: Config): Failure {
  return classify(evidenceOf(line, line.nowMs ?? nowMs), rulesFor(line.provider, config))
}

/** The user's rows come first, as they do for a call. */
function rulesFor(provider: string, config: Config | undefined): readonly Rule[] {
  const configured = config !== undefined && Object.hasOwn(config.providers, provider)
  const definition = configured ? definitionOf(config, PROVIDERS, provider) : providerNamed(provider)
  return definition?.rules ?? []
}

function evidenceOf(line: PayloadLine, seenAtMs: number): Evidence {
  const base = { provider: line.provider, api: line.api, seenAtMs }
  if (line.surface === 'exception') {
    const seen = observeException({ ...base, error: line.error ?? { message: line.body ?? '' } })
    return {
      ...seen,
      headers: line.headers,
      ...(line.body === undefined ? {} : { body: line.body }),
      ...(line.status === undefined ? {} : { status: line.status }),
    }
  }
  if (line.surface === 'http') {
    if (line.status !== undefined)
      return observeHttp({ ...base, status: line.status, headers: line.headers, body: line.body ?? '' })
    return { ...base, channel: 'http', headers: line.headers, ...(line.body === undefined ? {} : { body: line.body }) }
  }
  const wire = (WIRES as Readonly<Record<string, WireProtocol | undefined>>)[line.api]
  const found =
    wire === undefined
      ? undefined
      : line.surface === 'body'
        ? wire.bodyFailure(line.body ?? '')
        : streamFailure(wire, line)
  const channel: Channel = line.surface === 'sse' ? 'event' : 'body'
  const raw: WireEvidence = {
    channel,
    ...(line.body === undefined ? {} : { body: line.body }),
    ...(line.event === undefined ? {} : { eventName: line.event }),
  }
  return observeSoft(found ?? raw, { ...base, status: line.status ?? 200, headers: line.headers, hadOutput: false })
}

/** What the wire concludes from this one event, or from the stream ending after it. */
function streamFailure(wire: WireProtocol, { event, body }: PayloadLine): WireEvidence | undefined {
  const observer = wire.observeStream()
  const framer = new SseFramer()
  const bytes = new TextEncoder().encode(
    encodeSse(event === undefined || event === 'message' ? { data: body ?? '' } : { name: event, data: body ?? '' }),
  )
  const framed = framer.push(bytes)
  if (!Array.isArray(framed)) return undefined
  for (const frame of framed) {
    const meaning = observer.observe(frame)
    if (meaning.kind === 'failure') return meaning.evidence
  }
  return observer.end()
}
