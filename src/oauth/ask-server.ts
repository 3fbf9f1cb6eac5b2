import type { Network } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import { CANCELLED, failed, type LoginProblem, type Outcome } from './login-problem.ts'

/** What every request of a login needs. */
export interface LoginTools {
  readonly network: Network
  readonly platform: Platform
  readonly signal: AbortSignal
  /** Who asks: authorization servers throttle requests that do not say (58096). */
  readonly userAgent: string
  readonly proxy?: string
}

export interface ServerAnswer {
  readonly status: number
  /** Parsed JSON, or undefined. */
  readonly body: Readonly<Record<string, unknown>> | undefined
  readonly text: string
  readonly contentType: string
  readonly retryAfterMs: number | undefined
}

export interface ServerQuestion {
  readonly url: string
  /** @default POST */
  readonly method?: 'GET' | 'POST'
  readonly json?: Readonly<Record<string, unknown>>
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: ReadonlyArray<readonly [string, string]>
}

const CONNECT_MS = 10_000
const ANSWER_MS = 30_000
const LARGEST_ANSWER_BYTES = 1_048_576
const LONGEST_RETRY_AFTER_MS = 60_000

/** Asks an authorization server once. @returns its answer whatever the status, or why none came */
export async function askServer(tools: LoginTools, question: ServerQuestion): Promise<Outcome<ServerAnswer>> {
  const cut = new AbortController()
  const onAbort = () => cut.abort()
  if (tools.signal.aborted) return CANCELLED
  tools.signal.addEventListener('abort', onAbort, { once: true })
  const cancelTimer = tools.platform.timers.after(ANSWER_MS, onAbort, { unref: true })
  const host = new URL(question.url).host
  const { type, body } = written(question)
  try {
    const answer = await tools.network.send(
      {
        method: question.method ?? 'POST',
        url: question.url,
        headers: [
          ...(type === undefined ? [] : [['content-type', type] as const]),
          ['accept', 'application/json'],
          ['user-agent', tools.userAgent],
          ...(question.headers ?? []),
        ],
        body: body === undefined ? undefined : new TextEncoder().encode(body),
        ...(tools.proxy === undefined ? {} : { proxy: tools.proxy }),
      },
      { connectMs: CONNECT_MS, firstByteMs: ANSWER_MS, idleMs: ANSWER_MS },
      cut.signal,
    )
    const text = await readAll(answer.body)
    const header = (name: string) => answer.headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? ''
    return {
      ok: true,
      value: {
        status: answer.status,
        body: jsonObject(text),
        text,
        contentType: header('content-type'),
        retryAfterMs: retryAfter(header('retry-after')),
      },
    }
  } catch (error) {
    if (tools.signal.aborted) return CANCELLED
    const why = cut.signal.aborted ? `no answer within ${ANSWER_MS / 1000} s` : codeOf(error)
    const { problem } = failed(
      'unreachable',
      `${host} cannot be reached (${why})`,
      'check the network and any proxy, and try again; "providers.<name>.oauth.issuer" and ".proxy" say where it goes',
    )
    return { ok: false, problem: { ...problem, code: cut.signal.aborted ? 'ETIMEDOUT' : codeOf(error) } }
  } finally {
    cancelTimer()
    tools.signal.removeEventListener('abort', onAbort)
  }
}

function written({ json, form }: ServerQuestion): { readonly type?: string; readonly body?: string } {
  if (form !== undefined)
    return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(form).toString() }
  return json === undefined ? {} : { type: 'application/json', body: JSON.stringify(json) }
}

/** Pauses before the tries after the first one. */
const PATIENCE_MS = [1_000, 2_000, 4_000] as const

/** Asks again when the server is busy, in trouble or out of reach: that is no verdict about the login. */
export async function askPatiently(tools: LoginTools, question: ServerQuestion): Promise<Outcome<ServerAnswer>> {
  let last = await askServer(tools, question)
  for (const pauseMs of PATIENCE_MS) {
    const busy = last.ok ? isBusy(last.value.status) : last.problem.kind === 'unreachable'
    if (!busy) return last
    const hintMs = last.ok ? last.value.retryAfterMs : undefined
    if ((await tools.platform.timers.sleep(hintMs ?? pauseMs, tools.signal)) === 'aborted') return CANCELLED
    last = await askServer(tools, question)
  }
  return last
}

export function isBusy(status: number): boolean {
  return status === 429 || status >= 500
}

/** A problem for an answer that is no success; its words come from the server, its secrets do not. */
export function refusal(answer: ServerAnswer, what: string): { ok: false; problem: LoginProblem } {
  const { status, body } = answer
  if (status === 429)
    return failed(
      'throttled',
      `${what}: too many requests (429)`,
      'wait a minute and try again, or use an OAuth client id of your own',
    )
  if (status >= 500)
    return failed('server_trouble', `${what}: the server has trouble (${status})`, 'try again in a few minutes')
  const said = errorWords(body)
  if (said.code === 'access_denied')
    return failed(
      'denied',
      `${what}: access was denied${tail(said.text)}`,
      'start again and approve it, with an account that may use this product',
    )
  const words = said.text ?? said.code
  return failed(
    'refused',
    `${what}: refused (${status}${words === undefined ? '' : `: ${words}`})`,
    'start the login again; check issuer and client id if they were configured',
  )
}

/** Code and words of an error in any of the shapes that are in use: `error.code`, `error` as text, `code`. */
export function errorWords(body: Readonly<Record<string, unknown>> | undefined): {
  readonly code: string | undefined
  readonly text: string | undefined
} {
  const error = body?.['error']
  const inner = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : undefined
  return {
    code: text(inner?.['code']) ?? text(error) ?? text(body?.['code']),
    text: text(inner?.['message']) ?? text(body?.['error_description']) ?? text(body?.['message']),
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.replace(/\p{Cc}/gu, ' ').slice(0, 200) : undefined
}

function tail(words: string | undefined): string {
  return words === undefined ? '' : `: ${words}`
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > LARGEST_ANSWER_BYTES) break
    parts.push(chunk)
  }
  return new TextDecoder().decode(concatenated(parts))
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function retryAfter(header: string): number | undefined {
  return /^\d{1,6}$/.test(header.trim()) ? Math.min(Number(header) * 1000, LONGEST_RETRY_AFTER_MS) : undefined
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'unknown error'
}
