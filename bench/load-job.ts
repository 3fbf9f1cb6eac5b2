/** What the load generator is asked to do. */
export interface LoadJob {
  readonly kind: 'calls' | 'hold' | 'leave'
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly stream: boolean
  /** Size of the request body. */
  readonly bodyBytes: number
  readonly concurrency: number
  readonly calls: number
  /** No call begins after this. */
  readonly mostMs: number
  readonly model?: string
  /** The stream falls silent after its first token. */
  readonly idle?: boolean
}

export interface LoadResult {
  readonly calls: number
  /** Answers that were not 200. */
  readonly bad: number
  readonly seconds: number
  readonly totalMs: readonly number[]
  readonly firstMs: readonly number[]
  readonly gapsMs: readonly number[]
  readonly leftAtMs?: number
}

/** A conversation of about this size: turns of some hundred characters, with line breaks and quotes in them. */
export function bodyOf(job: Pick<LoadJob, 'stream' | 'bodyBytes' | 'model' | 'idle'>): string {
  const turn = 'Please look at "this" function:\n\tif (a < b) return c;\n'.repeat(8)
  const messages: Array<{ role: string; content: string }> = []
  const whole = () =>
    JSON.stringify({
      model: job.model ?? 'gpt-5.5',
      stream: job.stream,
      ...(job.idle === true ? { idle: true } : {}),
      messages,
    })
  const count = Math.max(1, Math.round(job.bodyBytes / (JSON.stringify({ role: 'user', content: turn }).length + 1)))
  for (let index = 0; index < count; index += 1)
    messages.push({ role: index % 2 === 0 ? 'user' : 'assistant', content: turn })
  return whole()
}

/** The bytes of one request. */
export function requestOf(job: LoadJob): Buffer {
  const body = bodyOf(job)
  const headers = Object.entries({
    host: '127.0.0.1',
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'bench/1',
    authorization: 'Bearer tok-bench-client',
    ...job.headers,
  })
  return Buffer.from(
    `POST ${job.path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
