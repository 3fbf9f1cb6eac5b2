import { describe, expect, it } from 'vitest'
import { responsesAnswers } from '../../src/simulator/responses-answers.ts'
import { gatherResponses } from '../../src/wire/responses/gather.ts'
import { callTwoAccounts, GOOD } from '../support/two-accounts.ts'
import { type Sent, streamOf } from '../support/watch-stream.ts'

/** 11179, 32892, 32894, 32974, 32956: "'NoneType' object is not iterable" after a stream that was good. */
describe.each([[null], [[]]])('response.completed with output %j behind streamed output', (output) => {
  const { events } = responsesAnswers.good(
    { kind: 'answer', reasoningFirst: true },
    { id: '1', model: 'gpt-5.5', nowMs: 0, includeUsage: false },
  )
  const bare: Sent[] = events.map(({ event, data }) => {
    const { type, response, ...rest } = data as { readonly type: string; readonly response?: object }
    const given = type === 'response.completed' ? { ...rest, type, response: { ...response, output } } : data
    return { event: event ?? type, data: given }
  })

  it('is a good stream', async () => {
    const seen = await callTwoAccounts('responses', true, [{ kind: 'events', events: bare }])
    expect(seen.reading).toMatchObject({ ending: 'complete', said: GOOD })
    expect(seen.hits).toEqual([1, 0])
  })

  it('is gathered into a body with all its items', () => {
    const gathered = gatherResponses(streamOf(bare))
    expect(gathered.kind === 'body' ? JSON.parse(gathered.text) : gathered).toMatchObject({
      output: [{ type: 'reasoning' }, { type: 'message', content: [{ text: GOOD }] }],
    })
  })
})
