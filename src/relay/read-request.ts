import { isUtf8 } from 'node:buffer'
import { type ScannedRequest, scanRequest } from './scan-request.ts'

/** A well-formed request body. */
export interface ReadRequest {
  readonly facts: ScannedRequest
  /** The whole body, for whoever wants to change it: parsed when it is first asked for. */
  body(): Readonly<Record<string, unknown>>
}

/** Why a body cannot be a model call; the code is told to the caller. */
export interface RequestProblem {
  readonly code: 'invalid_json' | 'invalid_body'
  readonly message: string
}

/** Looks at a request body once. @returns what is wrong with it otherwise */
export function readRequest(bytes: Uint8Array): ReadRequest | { readonly error: RequestProblem } {
  if (!isUtf8(bytes)) return { error: { code: 'invalid_json', message: 'the request body is not valid UTF-8' } }
  const facts = scanRequest(bytes)
  if (facts === undefined) return parsed(bytes)
  let body: Readonly<Record<string, unknown>> | undefined
  return {
    facts,
    body: () => {
      body ??= JSON.parse(textOf(bytes)) as Record<string, unknown>
      return body
    },
  }
}

function parsed(bytes: Uint8Array): ReadRequest | { readonly error: RequestProblem } {
  const text = textOf(bytes)
  if (text.trim() === '') return { error: { code: 'invalid_json', message: 'the request body is empty' } }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // The engine's message may quote the body; only the position is told.
    const position = /position \d+/.exec(error instanceof Error ? error.message : '')?.[0]
    return {
      error: {
        code: 'invalid_json',
        message: `the request body is not valid JSON${position === undefined ? '' : ` (${position})`}`,
      },
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { error: { code: 'invalid_body', message: 'the request body must be a JSON object' } }
  }
  const body = value as Readonly<Record<string, unknown>>
  const model = body['model']
  const stream = body['stream'] === true
  return { facts: typeof model === 'string' ? { model, stream } : { stream }, body: () => body }
}

/** Without a byte order mark. */
function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
