import { expect, it, onTestFinished } from 'vitest'
import { responsesAnswers } from '../../src/simulator/responses-answers.ts'
import { requestBody } from '../support/client.ts'
import { chunked, rawUpstream, STREAM_HEAD } from '../support/raw-upstream.ts'
import { streamOf } from '../support/watch-stream.ts'
import { startWorld } from '../support/world.ts'

it.each([
  ['at the terminal event, before the upstream has closed, can go on from its answer', true],
  ['before the terminal event has no answer to go on from', false],
])('a client that leaves %s', async (_name, isEnded) => {
  const told = { id: '1', model: 'gpt-5.5', nowMs: 0, includeUsage: false }
  const text = streamOf(responsesAnswers.good({ kind: 'answer', text: 'hi' }, told).events).toString()
  const sent = isEnded ? text : text.slice(0, text.lastIndexOf('event: response.completed'))
  let cut = () => {}
  const cancelled = new Promise<void>((resolve) => {
    cut = resolve
  })
  const upstream = await rawUpstream((socket) => {
    // Open until the gateway cuts it.
    socket.once('close', cut)
    socket.write(STREAM_HEAD + chunked(sent))
  })
  const scenario = { name: 'x', description: '', credentials: { 'tok-a': {} } }
  const world = await startWorld({ sides: [{ provider: 'openai', scenario, baseUrl: upstream.url }], history: {} })
  onTestFinished(() => world.close())
  const leaving = new AbortController()
  const answer = await fetch(`${world.gateway.url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...requestBody('responses', true), input: 'hello' }),
    signal: leaving.signal,
  })
  const reader = answer.body?.getReader()
  let read = ''
  while (read.length < sent.length) {
    const next = await reader?.read()
    if (next === undefined || next.done) break
    read += Buffer.from(next.value).toString()
  }
  expect(read).toBe(sent)
  leaving.abort()
  await cancelled
  const found = await world.history?.look({ caller: undefined } as never, 'resp_1')
  expect(found !== undefined).toBe(isEnded)
})
