import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type JsonObject, parseObject } from '../../src/wire/json.ts'

/** What a client asked, as it was sent. */
export interface RecordedRequest {
  readonly path: string
  readonly body: JsonObject
}

/** A place in front of another that notes what is asked there, and passes everything on as it comes. Closed behind the test. */
export async function recorderBefore(
  url: string,
): Promise<{ readonly url: string; readonly asked: RecordedRequest[] }> {
  const asked: RecordedRequest[] = []
  const server = createServer((incoming, response) => {
    const parts: Buffer[] = []
    incoming.on('data', (part: Buffer) => parts.push(part))
    incoming.on('end', () => {
      const bytes = Buffer.concat(parts)
      const path = incoming.url ?? '/'
      const body = parseObject(bytes.toString('utf8'))
      if (body !== undefined) asked.push({ path, body })
      const onward = request(new URL(path, url), { method: incoming.method, headers: incoming.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      onward.on('error', () => response.destroy())
      response.on('close', () => onward.destroy())
      onward.end(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
