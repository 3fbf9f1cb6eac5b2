import type { Evidence, HeaderRecord } from './evidence.ts'
import type { Layer } from './layers.ts'
import type { HeaderCondition, OneOrMore, Rule } from './rule.ts'
import { codexModelIsFull } from './codex-limits.ts'

/** What a row is held against: one layer, and what is true of the whole evidence. */
export interface Held {
  readonly evidence: Evidence
  readonly layer: Layer
  /** The answer's headers and those that the payload quotes. */
  readonly headers: HeaderRecord
}

/** True when every condition of the row holds for this layer. */
export function holds(rule: Rule, { evidence, layer, headers }: Held): boolean {
  if (rule.code !== undefined && !meets(rule.code, layer.codes)) return false
  if (rule.type !== undefined && !meets(rule.type, layer.types)) return false
  if (rule.param !== undefined && !meets(rule.param, layer.params)) return false
  if (rule.thrown !== undefined && !meets(rule.thrown, layer.thrown)) return false
  if (rule.status !== undefined && !statusMeets(rule.status, statusesOf(evidence, layer))) return false
  if (rule.text !== undefined && !textMeets(rule, layer)) return false
  if (rule.header !== undefined && !many(rule.header).every((each) => headerMeets(each, headers))) return false
  if (rule.window !== undefined && !codexModelIsFull(headers, evidence.model)) return false
  if (rule.shape !== undefined && !many(rule.shape).includes(layer.shape)) return false
  if (rule.api !== undefined && !many(rule.api).includes(evidence.api)) return false
  return rule.channel === undefined || many(rule.channel).includes(evidence.channel)
}

/** A row without any word of the provider in it: it may speak only after every layer had its say. */
export function isLastResort(rule: Rule): boolean {
  return (
    rule.code === undefined &&
    rule.type === undefined &&
    rule.param === undefined &&
    rule.text === undefined &&
    rule.thrown === undefined &&
    rule.header === undefined &&
    rule.window === undefined
  )
}

/** The status with which the answer itself refuses: a 200 says nothing about the error inside it. */
export function refusingStatus({ status }: Evidence): number | undefined {
  return status !== undefined && (status < 200 || status >= 300) ? status : undefined
}

/** The statuses that the layer names, else the answer's own: a relay's says little about the upstream error that it quotes. */
function statusesOf(evidence: Evidence, layer: Layer): readonly number[] {
  if (layer.statuses.length > 0) return layer.statuses
  const status = refusingStatus(evidence)
  return status === undefined ? [] : [status]
}

/** Rows are lower case already (a test says so): this runs for every row of every failure. */
function meets(wanted: OneOrMore<string> | RegExp, present: readonly string[]): boolean {
  if (present.length === 0) return false
  if (typeof wanted === 'string') return present.includes(wanted)
  if (wanted instanceof RegExp) return present.some((each) => wanted.test(each))
  for (const each of present) if (wanted.includes(each)) return true
  return false
}

function statusMeets(wanted: NonNullable<Rule['status']>, present: readonly number[]): boolean {
  if (typeof wanted === 'number') return present.includes(wanted)
  if (isRange(wanted)) return present.some((status) => status >= wanted.from && status <= wanted.to)
  return wanted.some((status) => present.includes(status))
}

function isRange(wanted: NonNullable<Rule['status']>): wanted is { readonly from: number; readonly to: number } {
  return typeof wanted === 'object' && 'from' in wanted
}

function textMeets(rule: Rule, layer: Layer): boolean {
  if (layer.shape === 'html' && rule.shape === undefined) return false
  return rule.text?.test(layer.text) ?? false
}

function headerMeets(wanted: HeaderCondition, headers: HeaderRecord): boolean {
  const value = headers[wanted.name]
  if (value === undefined) return false
  if (wanted.is === true) return true
  return typeof wanted.is === 'string' ? value.toLowerCase() === wanted.is : wanted.is.test(value)
}

function many<T>(value: OneOrMore<T>): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T]
}
