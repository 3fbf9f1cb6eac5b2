import { describe, expect, it } from 'vitest'
import { callTwoAccounts, GOOD } from '../support/two-accounts.ts'
import type { Step } from '../../src/simulator/index.ts'

/** 12072, 14151, 32086, 112419, 119001, 36705, 81057, 5453: a stream cut behind output was started anew, or its turn marked complete. */
const CUTS: Readonly<Record<string, Step>> = {
  'the socket closes': { kind: 'cut', at: 'after_output' },
  'the connection is reset': { kind: 'cut', at: 'after_output', how: 'reset' },
  'the stream ends without its terminal event': { kind: 'end_early', at: 'after_output' },
  'the provider fails': { kind: 'failed', error: { code: 'server_error', message: 'x' }, textFirst: 'The answer ' },
}

describe.each(['responses', 'chat-completions', 'messages'] as const)('%s', (wire) => {
  it.each(Object.entries(CUTS))('%s behind output: told as an error, nothing said twice', async (_name, step) => {
    const seen = await callTwoAccounts(wire, true, [step])
    expect(seen.reading).toMatchObject({ status: 200, ending: 'error' })
    expect(seen.reading.said.length).toBeGreaterThan(0)
    expect(GOOD.startsWith(seen.reading.said)).toBe(true)
    expect(seen.hits).toEqual([1, 0])
  })

  it.each([
    ['the socket closes', { kind: 'cut', at: 'before_output' }],
    ['the stream ends', { kind: 'end_early', at: 'before_output' }],
  ] as const)('%s before output: nobody notices', async (_name, step) => {
    const seen = await callTwoAccounts(wire, true, [step, { kind: 'answer' }])
    expect(seen.reading).toMatchObject({ ending: 'complete', said: GOOD })
  })
})
