import type { ErrorEvidence, Evidence } from './evidence.ts'
import { asRecord, findJson, type JsonRecord } from './json-text.ts'

/** What one layer of a failure says: relays wrap the error of their upstream into their own, sometimes three deep. */
export interface Layer {
  /** Machine codes, lower case. */
  readonly codes: readonly string[]
  /** Types, Google statuses and reasons, lower case. */
  readonly types: readonly string[]
  readonly params: readonly string[]
  /** HTTP statuses that this layer names. */
  readonly statuses: readonly number[]
  /** Prose: messages only, never a field that echoes the prompt. Lower case, single spaces. */
  readonly text: string
  /** The same prose as it came, for people. */
  readonly message: string
  /** Names and codes of thrown errors along the cause chain. */
  readonly thrown: readonly string[]
  readonly shape: 'json' | 'html' | 'text' | 'empty'
  /** The error of an upstream of the provider, met with the provider's own key. */
  readonly foreign: boolean
  readonly object?: JsonRecord
}

/** Objects within objects and JSON within strings, counted together; a hostile body must not cost more. */
const DEPTH = 10

/** At least one: of an evidence that says nothing, the layer is empty. */
export type Layers = readonly [Layer, ...(readonly Layer[])]

/** Reads the layers of an evidence, the innermost (the provider's own words) first. */
export function readLayers(evidence: Evidence): Layers {
  const layers: Layer[] = []
  if (evidence.body !== undefined && evidence.body.trim() !== '') readText(evidence.body, layers, 0, false)
  if (evidence.error !== undefined) readThrown(evidence.error, layers)
  const [innermost, ...others] = layers
  return innermost === undefined ? [{ ...BLANK, shape: 'empty' }] : [innermost, ...others]
}

const NOBODY: readonly string[] = []

const BLANK: Omit<Layer, 'shape'> = {
  codes: [],
  types: [],
  params: [],
  statuses: [],
  text: '',
  message: '',
  thrown: [],
  foreign: false,
}

function readThrown(error: ErrorEvidence, layers: Layer[]): void {
  const thrown: string[] = []
  const statuses: number[] = []
  const messages: string[] = []
  let each: ErrorEvidence | undefined = error
  for (let depth = 0; each !== undefined && depth < 8; depth += 1) {
    thrown.push(...namesOf(each.name))
    if (typeof each.code === 'number') statuses.push(each.code)
    else if (each.code !== undefined && each.code !== '') thrown.push(each.code.toLowerCase())
    messages.push(each.message)
    each = each.cause
  }
  const said = messages.join(' | ')
  // SDKs put the provider's body into the message.
  const inner = findJson(said)
  if (inner !== undefined) readValue(inner.value, layers, 1, false)
  thrown.push(...classesBefore(said))
  // AWS names its exceptions as its payloads do: a code means the same on every channel.
  const codes = thrown.filter((name) => name.endsWith('exception'))
  const layer = textLayer(withoutQuotedJson(said), {
    thrown,
    statuses: [...statuses.filter(isStatus), ...statusInText(said)],
  })
  layers.push({ ...layer, codes: [...layer.codes, ...codes] })
}

/** `requests.exceptions.ReadTimeout` is also a `readtimeout`. */
function namesOf(name: string): readonly string[] {
  const whole = name.toLowerCase()
  const last = whole.slice(whole.lastIndexOf('.') + 1).replace(/^_+/, '')
  return last === whole ? [whole] : [whole, last]
}

/** Classes that stand before a message: `litellm.RateLimitError: RateLimitError: OpenAIException - ...`. */
function classesBefore(message: string): readonly string[] {
  const before = /^(?:[\w.]{1,80}(?:error|exception|timeout)\s*[:-]\s+){1,6}/i.exec(message.slice(0, 500))?.[0]
  if (before === undefined) return NOBODY
  return before
    .split(/\s*[:-]\s+/)
    .filter((name) => name !== '')
    .flatMap(namesOf)
}

function readText(text: string, layers: Layer[], depth: number, foreign: boolean): void {
  if (isHtml(text)) {
    const title = /<title>([^<]*)<\/title>/i.exec(text)?.[1] ?? ''
    const prose = text
      .replace(/<style[\s\S]*?<\/style>/gi, ' ')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
    layers.push({
      ...BLANK,
      text: lower(text),
      message: title.trim() || bounded(prose),
      shape: 'html',
      foreign,
    })
    return
  }
  const found = depth < DEPTH ? findJson(text) : undefined
  if (found !== undefined) readValue(found.value, layers, depth + 1, foreign)
  if (found === undefined || found.before.trim() !== '') {
    layers.push({ ...textLayer(found?.before ?? text, { statuses: statusInText(text) }), foreign })
  }
}

const NO_BODY = /^\s*(?:error: )?\d{3} status code \(no body\)\s*$/i

function textLayer(text: string, more: Partial<Layer>): Layer {
  // How SDKs say that the answer had no words: these are theirs, not the provider's.
  if (NO_BODY.test(text)) return { ...BLANK, message: text.trim(), ...more, shape: 'empty' }
  // A machine code may stand alone where a body was expected.
  const code = /^[a-z0-9]+([_.-][a-z0-9]+)+$/i.test(text.trim()) ? [text.trim().toLowerCase()] : []
  return { ...BLANK, text: lower(text), message: bounded(text.trim()), codes: code, shape: 'text', ...more }
}

function readValue(value: unknown, layers: Layer[], depth: number, foreign: boolean): void {
  // Google's compatible endpoint answers with an array around its error object.
  const object = asRecord(Array.isArray(value) ? value[0] : value)
  if (object === undefined) return
  // Google's SDKs print the sentence, and the details behind it as an array of their own.
  readObject(Array.isArray(value) && '@type' in object ? { details: value } : object, layers, depth, foreign)
}

/** Fields under which the next layer is found, the innermost last. */
const INNER = [
  'response',
  'body',
  'error',
  'err',
  'detail',
  'details',
  'errors',
  'choices',
  'candidates',
  'innererror',
  'Response',
  'Error',
] as const
const CODE_FIELDS = ['code', 'error_code', 'errorCode', 'error_type', 'reason', '__type', 'Code'] as const
const TYPE_FIELDS = ['type', 'status', 'error_name', 'limit_source', 'errorType'] as const
const STATUS_FIELDS = ['status', 'status_code', 'statusCode', 'code', 'raw_status_code', 'http_code'] as const
const MESSAGE_FIELDS = [
  'message',
  'msg',
  'errorMessage',
  'error_message',
  'error_description',
  'status_msg',
  'title',
  'error_msg',
  'Message',
] as const

const SOFT_FIELDS = [
  'status',
  'incomplete_details',
  'finish_reason',
  'finishReason',
  'stop_reason',
  'delta',
  'promptFeedback',
] as const

/** Fields that are read one by one, in their order: an object has few of them, and only the lists that it touches are gone through. */
const LISTS = { code: 1, type: 2, status: 4, message: 8, inner: 16, soft: 32, exception: 64, other: 128 } as const
const LISTED = new Map<string, number>()
for (const [fields, list] of [
  [CODE_FIELDS, LISTS.code],
  [TYPE_FIELDS, LISTS.type],
  [STATUS_FIELDS, LISTS.status],
  [MESSAGE_FIELDS, LISTS.message],
  [INNER, LISTS.inner],
  [SOFT_FIELDS, LISTS.soft],
  [['base_resp', 'details', 'metadata', 'param'], LISTS.other],
] as const)
  for (const field of fields) LISTED.set(field, (LISTED.get(field) ?? 0) | list)

function listsOf(object: JsonRecord): number {
  let lists = 0
  for (const key of Object.keys(object)) lists |= LISTED.get(key) ?? (key.endsWith('Exception') ? LISTS.exception : 0)
  return lists
}

function readObject(object: JsonRecord, layers: Layer[], depth: number, foreign: boolean): void {
  if (depth > DEPTH) return
  const codes: string[] = []
  const types: string[] = []
  const statuses: number[] = []
  const messages: string[] = []
  const lists = listsOf(object)
  if (lists & LISTS.code) for (const field of CODE_FIELDS) addWord(codes, object[field])
  if (lists & LISTS.type) for (const field of TYPE_FIELDS) addWord(types, object[field])
  if (lists & LISTS.status) for (const field of STATUS_FIELDS) addStatus(statuses, object[field])
  if (lists & LISTS.message)
    for (const field of MESSAGE_FIELDS) if (typeof object[field] === 'string') messages.push(object[field])
  if (lists & LISTS.soft || typeof object['message'] === 'object') addSoftMarks(object, types)
  if (lists & LISTS.other) addWrapped(object, codes, messages)
  if (lists & LISTS.exception) readExceptionKeys(object, layers, depth, foreign)
  if (lists & LISTS.inner) readInner(object, { codes, messages }, layers, depth, foreign)
  const metadata = lists & LISTS.other ? asRecord(object['metadata']) : undefined
  if (metadata !== undefined) {
    addWord(codes, metadata['error_type'])
    addWord(types, metadata['limit_source'])
    const upstream = typeof metadata['provider_name'] === 'string' && metadata['is_byok'] !== true
    if (typeof metadata['raw'] === 'string') readText(metadata['raw'], layers, depth + 1, foreign || upstream)
  }
  for (const message of messages) {
    // Without a bracket or a quotation mark there is no JSON in it.
    const found = message.length < 65_536 && /[{["]/.test(message) ? findJson(withoutEcho(message)) : undefined
    // Only something that looks like an error: a quoted piece of the prompt is not one.
    if (found !== undefined && looksLikeError(found.value)) readValue(found.value, layers, depth + 1, foreign)
  }
  const message = bounded(messages.join(' ').trim())
  const params = lists & LISTS.other && typeof object['param'] === 'string' ? [object['param'].toLowerCase()] : NOBODY
  if (codes.length + types.length + statuses.length + params.length + message.length === 0) return
  const prose = withoutQuotedJson(message)
  statuses.push(...statusInText(prose))
  const [text, thrown] = [lower(prose), classesBefore(prose)]
  layers.push({ codes, types, params, statuses, text, message, thrown, shape: 'json', foreign, object })
}

/** MiniMax's and Anthropic's wrappers, Google's details. */
function addWrapped(object: JsonRecord, codes: string[], messages: string[]): void {
  const baseResponse = asRecord(object['base_resp'])
  addWord(codes, baseResponse?.['status_code'])
  if (typeof baseResponse?.['status_msg'] === 'string') messages.push(baseResponse['status_msg'])
  if (Array.isArray(object['details'])) addGoogleDetails(object['details'], codes)
  else addWord(codes, asRecord(object['details'])?.['error_code'])
}

/** AWS names an event of its stream by the key: `{"throttlingException":{"message":...}}`. */
function readExceptionKeys(object: JsonRecord, layers: Layer[], depth: number, foreign: boolean): void {
  for (const [key, inner] of Object.entries(object).slice(0, 20)) {
    const exception = key.endsWith('Exception') ? asRecord(inner) : undefined
    if (exception !== undefined) readObject({ __type: key, ...exception }, layers, depth + 1, foreign)
  }
}

/** What stands in the fields of the next layer: a layer, or a plain word about this one. */
function readInner(
  object: JsonRecord,
  own: { readonly codes: string[]; readonly messages: string[] },
  layers: Layer[],
  depth: number,
  foreign: boolean,
): void {
  for (const field of INNER) {
    const inner = object[field]
    if (typeof inner === 'string') {
      if (field === 'error' && /^[a-z_]+$/.test(inner)) own.codes.push(inner)
      else own.messages.push(inner)
    } else if (Array.isArray(inner)) {
      const first = asRecord(inner[0])
      if (first !== undefined && field !== 'details') readObject(first, layers, depth + 1, foreign)
    } else {
      const record = asRecord(inner)
      if (record !== undefined) readObject(record, layers, depth + 1, foreign)
    }
  }
}

/** Verdicts that a body gives without an error object. */
function addSoftMarks(object: JsonRecord, types: string[]): void {
  if (object['status'] === 'cancelled') types.push('response.cancelled')
  const incomplete = asRecord(object['incomplete_details'])?.['reason']
  if (typeof incomplete === 'string') types.push(`incomplete:${incomplete}`.toLowerCase())
  const finish = object['finish_reason'] ?? object['finishReason']
  if (typeof finish === 'string') types.push(`finish:${finish}`.toLowerCase())
  for (const holder of [object, asRecord(object['delta']), asRecord(object['message'])]) {
    const stop = holder?.['stop_reason']
    if (typeof stop === 'string') types.push(`stop:${stop}`.toLowerCase())
  }
  const blocked = asRecord(object['promptFeedback'])?.['blockReason']
  if (typeof blocked === 'string') types.push(`blocked:${blocked}`.toLowerCase())
}

function addGoogleDetails(details: readonly unknown[], codes: string[]): void {
  for (const detail of details.slice(0, 20)) {
    const record = asRecord(detail)
    if (record === undefined) continue
    addWord(codes, record['reason'])
    const violations = record['violations']
    if (!Array.isArray(violations)) continue
    for (const violation of violations.slice(0, 20)) addWord(codes, asRecord(violation)?.['quotaId'])
  }
}

function addWord(list: string[], value: unknown): void {
  if (typeof value === 'string' && value !== '' && value.length <= 200) list.push(value.toLowerCase())
  else if (Number.isInteger(value)) list.push(String(value))
}

function addStatus(list: number[], value: unknown): void {
  const number = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  if (isStatus(number)) list.push(number)
}

function isStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599
}

/** `HTTP 402: ...`, `API Error: 401 ...`, `Error code: 429 - ...`, `429 Too Many Requests`, `(429):`. */
function statusInText(text: string): number[] {
  if (!/\d{3}/.test(text)) return []
  const match =
    /^\s*(?:[\w.]*(?:error|exception)\s*[:-]\s*|oauth )?(?:http |error code: |status code |api error:? )?(\d{3})\b(?!\s*(?:ms|s|tokens|items|mb|kb|bytes)\b)/i.exec(
      text,
    ) ??
    /\b(?:http|error code:|status code|api error:?|error|(?:unexpected|last|got) status:?)\s*\(?(\d{3})\b/i.exec(
      text,
    ) ??
    /\[(\d{3}) [A-Z][a-z]/.exec(text)
  const status = Number(match?.[1])
  return isStatus(status) ? [status] : []
}

const ERROR_FIELDS = ['error', 'message', 'msg', 'code', 'detail', 'errorMessage', 'base_resp', '@type']

function looksLikeError(value: unknown): boolean {
  const object = asRecord(Array.isArray(value) ? value[0] : value)
  return (
    object !== undefined && object['role'] === undefined && ERROR_FIELDS.some((field) => object[field] !== undefined)
  )
}

/** Messages that quote the request carry the user's own words: those never decide. */
function withoutQuotedJson(message: string): string {
  const start = message.search(/[{[]\s*["'](?:role|content|input|messages|text|type)["']/)
  return withoutEcho(start === -1 ? message : message.slice(0, start))
}

/** What a validator read, or a tool said: quoted it ends with its quotation mark, bare it goes on to the end. */
const ECHO =
  /\b(?:invalid value|input_value|unexpected value|got|received|tool (?:output|result))\s{0,3}[:=]\s{0,3}(?:(['"`]).{0,2000}?(?<!\\)\1(?!\w)|[^'"`\s].*)/gis

function withoutEcho(message: string): string {
  if (!/[:=]/.test(message)) return message
  return message.replace(ECHO, ' ')
}

function isHtml(text: string): boolean {
  return /^\s*(?:<!doctype html|<html|<head|<body|<\?xml[^>]*>\s*<!doctype html)/i.test(text)
}

/** A provider's sentence is short; what is longer quotes a request. Its beginning and its end are held against the rows. */
const PROSE_BEGINNING = 6_000
const PROSE_END = 2_000

function bounded(text: string): string {
  if (text.length <= PROSE_BEGINNING + PROSE_END) return text
  return `${text.slice(0, PROSE_BEGINNING)} ${text.slice(-PROSE_END)}`
}

function lower(text: string): string {
  // Single spaces stay as they are: to replace each by itself was a tenth of a verdict.
  return bounded(text)
    .replace(/[’‘]/g, "'")
    .replace(/\s{2,}|[^\S ]/g, ' ')
    .toLowerCase()
    .trim()
}
