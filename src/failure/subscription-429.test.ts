import { describe, expect, it } from 'vitest'
import { anthropicRules } from '../providers/anthropic.rules.ts'
import { openAiCodexRules } from '../providers/openai-codex.rules.ts'
import { classify } from './classify.ts'
import type { HeaderRecord } from './evidence.ts'
import { observeHttp } from './observe-http.ts'

const SEEN_AT_MS = Date.UTC(2026, 10, 24)
const SEEN_AT_S = SEEN_AT_MS / 1000

function codex(headers: HeaderRecord, body = '', model = 'gpt-5.5') {
  const seen = { provider: 'openai-codex', api: 'responses', model, status: 429, seenAtMs: SEEN_AT_MS } as const
  return classify(observeHttp({ ...seen, headers, body }), openAiCodexRules)
}

function anthropic(unified: HeaderRecord, others: HeaderRecord = {}) {
  const headers = Object.fromEntries(
    Object.entries(unified).map(([name, value]) => [`anthropic-ratelimit-unified-${name}`, value]),
  )
  const body = '{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your limit"}}'
  const seen = { provider: 'anthropic', api: 'messages', status: 429, seenAtMs: SEEN_AT_MS } as const
  return classify(observeHttp({ ...seen, headers: { ...headers, ...others }, body }), anthropicRules)
}

function codexWindow(place: string, percent: string, resetAfterSeconds: number, family = 'codex') {
  return {
    [`x-${family}-${place}-used-percent`]: percent,
    [`x-${family}-${place}-reset-after-seconds`]: String(resetAfterSeconds),
  }
}

describe('a 429 of a ChatGPT account without words', () => {
  it.each([
    ['the short window is full', '100', '41', 3600],
    ['the long window is full', '41', '100.0', 600_000],
    ['both are full: the later reset', '100', '100', 600_000],
    ['more than full', '1250.5', '99', 3600],
  ])('%s', (_name, primary, secondary, waitSeconds) => {
    const failure = codex({ ...codexWindow('primary', primary, 3600), ...codexWindow('secondary', secondary, 600_000) })
    expect(failure).toMatchObject({ label: 'quota_exhausted', modelScoped: false })
    expect(failure.resetAt).toBe(SEEN_AT_MS + waitSeconds * 1000)
  })

  it.each(['99', '99.9', '0', '7', '-100', 'full', ''])('no window is full (%s): a throttle of seconds', (percent) => {
    const failure = codex({ ...codexWindow('primary', percent, 3600), ...codexWindow('secondary', '64', 600_000) })
    expect(failure.label).toBe('rate_limit')
    expect(failure.resetAt).toBeUndefined()
    expect(failure.retryAfterMs).toBeUndefined()
  })

  const spark = {
    ...codexWindow('primary', '100', 600, 'codex-bengalfox'),
    'x-codex-bengalfox-limit-name': 'GPT-5.3-Codex-Spark',
  }

  it("the model's own limit is full: this model only, until that reset", () => {
    const failure = codex({ ...codexWindow('primary', '41', 3600), ...spark }, '', 'gpt-5.3-codex-spark')
    expect(failure).toMatchObject({ label: 'quota_exhausted', modelScoped: true, resetAt: SEEN_AT_MS + 600_000 })
  })

  it("another model's limit is full: no reason for this one", () => {
    const failure = codex({ ...codexWindow('primary', '41', 3600), ...spark })
    expect(failure).toMatchObject({ label: 'rate_limit', modelScoped: false })
    expect(failure.resetAt).toBeUndefined()
  })

  it('both are full: the account is', () => {
    const failure = codex({ ...codexWindow('primary', '100', 3600), ...spark }, '', 'gpt-5.3-codex-spark')
    expect(failure).toMatchObject({ label: 'quota_exhausted', modelScoped: false, resetAt: SEEN_AT_MS + 3_600_000 })
  })
})

describe('a 429 with unified headers', () => {
  const fiveHours = { '5h-status': 'rejected', '5h-reset': String(SEEN_AT_S + 2094) }
  const someModels = { '7d_oi-status': 'rejected', '7d_oi-reset': String(SEEN_AT_S + 500_000) }

  it('the claimed window is rejected: until its reset, not until that of a window of some models', () => {
    const failure = anthropic({ status: 'rejected', 'representative-claim': 'five_hour', ...fiveHours, ...someModels })
    expect(failure).toMatchObject({ label: 'quota_exhausted', modelScoped: false })
    expect(failure.resetAt).toBe(SEEN_AT_MS + 2_094_000)
  })

  it('the same without a claim', () => {
    const failure = anthropic({ status: 'rejected', ...fiveHours, ...someModels })
    expect(failure).toMatchObject({ label: 'quota_exhausted', modelScoped: false, resetAt: SEEN_AT_MS + 2_094_000 })
  })

  it('only the window of some models is rejected while the week is allowed: these models only', () => {
    const claim = { 'representative-claim': 'seven_day_overage_included', '7d-status': 'allowed' }
    const failure = anthropic({ status: 'rejected', ...claim, ...someModels })
    expect(failure).toMatchObject({ label: 'quota_exhausted', modelScoped: true, resetAt: SEEN_AT_MS + 500_000_000 })
  })

  it.each(['five_hour', 'seven_day', 'seven_day_opus', 'overage'])(
    'allowed, whatever is claimed (%s): a throttle',
    (claim) => {
      const open = {
        status: 'allowed',
        '5h-status': 'allowed',
        '5h-reset': String(SEEN_AT_S + 9000),
        '7d-status': 'allowed_warning',
      }
      const failure = anthropic({ ...open, 'representative-claim': claim }, { 'retry-after': '3' })
      expect(failure).toMatchObject({ label: 'rate_limit', modelScoped: false, retryAfterMs: 3000 })
      expect(failure.resetAt).toBeUndefined()
    },
  )

  it('none at all: a short throttle, and `x-should-retry` promises nothing', () => {
    const failure = anthropic({}, { 'x-should-retry': 'true' })
    expect(failure.label).toBe('rate_limit')
    expect(failure.resetAt).toBeUndefined()
  })
})
