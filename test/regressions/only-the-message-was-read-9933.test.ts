import { expect, it } from 'vitest'
import { classify } from '../../src/failure/classify.ts'
import { observeHttp } from '../../src/failure/observe-http.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'

/** `usage_limit_reached` stood in `error.type` and nothing but `code` and the message was looked at. */
it.each([
  ['openai-codex', 'its type', { error: { type: 'usage_limit_reached', message: 'Sorry.' } }],
  ['openai-codex', 'its code', { error: { code: 'usage_limit_reached', message: 'Sorry.' } }],
  [
    'openai-codex',
    'a detail without an error around it',
    { detail: { code: 'usage_limit_reached', message: 'Sorry.' } },
  ],
  [
    'gemini',
    'the reason among its details',
    {
      error: {
        code: 429,
        status: 'RESOURCE_EXHAUSTED',
        message: 'Sorry.',
        details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'QUOTA_EXHAUSTED' }],
      },
    },
  ],
])('%s: %s is read, whatever the message says (9933)', (provider, _where, body) => {
  const seen = observeHttp({
    provider,
    api: 'responses',
    status: 429,
    headers: {},
    body: JSON.stringify(body),
    seenAtMs: 0,
  })
  expect(classify(seen, PROVIDERS[provider]?.rules)).toMatchObject({ label: 'quota_exhausted', confidence: 'exact' })
})

it('a status word alone is read too (9933)', () => {
  const body = JSON.stringify({ error: { status: 'RESOURCE_EXHAUSTED', message: 'Sorry.' } })
  const seen = observeHttp({ provider: 'gemini', api: 'gemini', status: 429, headers: {}, body, seenAtMs: 0 })
  expect(classify({ ...seen, status: 400 }, PROVIDERS['gemini']?.rules).label).toBe('rate_limit')
})
