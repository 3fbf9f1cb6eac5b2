import { expect, it } from 'vitest'
import { classify } from '../../src/failure/classify.ts'
import { observeHttp } from '../../src/failure/observe-http.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { SECOND, testPool, verdictOf } from '../support/pool-fixtures.ts'

/** "Your quota will reset after 49s" was a format that nobody read, so that it cost an hour. */
it.each([
  ['Your quota will reset after 49s.', 49 * SECOND],
  ['Your quota will reset after 1m30s.', 90 * SECOND],
  ['Please retry in 45.578569677s.', 45_579],
  ['Your quota will reset after 15h57m40s.', 57_460 * SECOND],
])('%s benches for just that (38804)', async (sentence, ms) => {
  const { lend, benches, platform } = await testPool(['a'])
  const message = `You have exhausted your capacity on this model. ${sentence}`
  const body = JSON.stringify({ error: { code: 429, message, status: 'RESOURCE_EXHAUSTED' } })
  const seenAtMs = platform.clock.now()
  const seen = observeHttp({ provider: 'gemini', api: 'gemini', status: 429, headers: {}, body, seenAtMs })
  await (await lend()).fail(verdictOf(classify(seen, PROVIDERS['gemini']?.rules)))
  expect((await benches())[0]?.untilMs).toBe(seenAtMs + ms)
})
