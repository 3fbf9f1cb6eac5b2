import { expect, it } from 'vitest'
import { relayBefore } from '../support/relay-fixtures.ts'

/** After a switch the window of the model before was still reckoned with: overflows, and compression that nobody needed. */
it('an overflow is the word of one route about one call: another window may fit, and nothing of it is remembered (11326, 3202, 22387, 70245, 33598, 109698, 86070, 89344, 70241)', async () => {
  let small = true
  const relay = await relayBefore({
    routes: [
      { provider: 'openai', model: 'small', tokens: ['a', 'b'] },
      { provider: 'openrouter', model: 'large', tokens: ['k'] },
    ],
    answer: ({ model }) =>
      model === 'small' && small
        ? { status: 400, body: { error: { code: 'context_length_exceeded', message: 'maximum context length' } } }
        : 'good',
  })
  expect((await relay.call()).headers).toMatchObject({
    'x-sparekey-route': 'openrouter/large',
    'x-sparekey-fallback': 'context_overflow',
  })
  // No other account of the same model has a larger window.
  expect(relay.tokens()).toEqual(['a', 'k'])
  expect(await relay.benched()).toEqual([])
  small = false
  expect((await relay.call()).headers['x-sparekey-route']).toBe('openai/small')
})
