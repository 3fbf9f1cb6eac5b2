import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rateWindows } from '../../src/providers/openai-compatible.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import type { AccountReading, Provider, QuotaWindow, UsageReading } from '../../src/providers/provider.ts'

/** One recorded reading: `test/readings/<provider>/<what>.json`; headers of an answer, or what a usage endpoint said. */
interface Reading {
  readonly nowMs: number
  readonly headers?: Readonly<Record<string, string>>
  readonly windows?: readonly QuotaWindow[]
  readonly account?: AccountReading
  readonly usage?: { readonly status: number; readonly body: unknown }
  /** Absent: nothing is learnt. */
  readonly reading?: UsageReading
}

const READINGS = new URL('../readings/', import.meta.url)
const NOW_MS = Date.UTC(2026, 10, 24)
const YEAR_2020_MS = Date.UTC(2020, 0, 1)
const SECRET = { token: 'planted-token-1234567890', accountId: 'acct-planted' }

function readingsOf(id: string): ReadonlyArray<readonly [name: string, reading: Reading]> {
  return readdirSync(READINGS).includes(id)
    ? readdirSync(new URL(`${id}/`, READINGS)).map((file) => {
        const text = readFileSync(new URL(`${id}/${file}`, READINGS), 'utf8')
        return [file.replace(/\.json$/, ''), JSON.parse(text) as Reading] as const
      })
    : []
}

function expectPlausible(windows: readonly QuotaWindow[], nowMs: number) {
  for (const { name, usedPercent, windowMinutes, resetAt, remaining, limit } of windows) {
    expect(name).not.toBe('')
    for (const amount of [usedPercent, windowMinutes, remaining, limit])
      if (amount !== undefined) expect(Number.isFinite(amount) && amount >= 0).toBe(true)
    if (resetAt !== undefined) {
      expect(resetAt).toBeGreaterThanOrEqual(YEAR_2020_MS)
      expect(resetAt).toBeLessThanOrEqual(nowMs + 400 * 86_400_000)
    }
  }
}

/** Values that a header or field has had somewhere, and values that none should have. */
const AWKWARD = [
  '',
  '-1',
  '0',
  '1',
  '100',
  '100.0',
  '1e400',
  'NaN',
  'Infinity',
  'True',
  'null',
  '6m0s',
  '1788800000',
  '1788800000000',
  '9999999999999999',
  '2026-09-07T16:53:21Z',
  '0001-01-01T00:00:00Z',
  'rejected',
  'ent=0&rem=5',
]
const headerValue = fc.oneof(fc.string(), fc.constantFrom(...AWKWARD))
const jsonLeaf = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(...AWKWARD, -1, 0, 1e308, true, null, [], {}, { toString: '' }),
)

/** The value with something else at one place of it. */
function mutated(value: unknown, places: readonly number[], other: unknown): unknown {
  const [place, ...rest] = places
  if (place === undefined || typeof value !== 'object' || value === null) return other
  const keys = Object.keys(value)
  const key = keys[place % Math.max(1, keys.length)]
  if (key === undefined) return other
  const inner = mutated((value as Readonly<Record<string, unknown>>)[key], rest, other)
  return Array.isArray(value)
    ? value.map((each: unknown, index) => (String(index) === key ? inner : each))
    : { ...value, [key]: inner }
}

it('every folder of readings belongs to a provider', () => {
  for (const id of readdirSync(READINGS)) expect(Object.keys(PROVIDERS)).toContain(id)
})

describe.each(Object.entries(PROVIDERS))('quota of %s', (id, provider: Provider) => {
  const readings = readingsOf(id)
  const { readQuota, readAccount, usageProbe } = provider

  it('has a recorded reading for each way of its own', () => {
    if (readQuota !== undefined && readQuota !== rateWindows)
      expect(readings.some(([, { headers }]) => headers)).toBe(true)
    if (usageProbe !== undefined) expect(readings.some(([, { reading }]) => reading)).toBe(true)
  })

  it.each(readings)('%s', (_name, { headers, usage, nowMs, windows, account, reading }) => {
    if (headers !== undefined) {
      const found = readQuota?.(headers, nowMs) ?? []
      expect(found).toHaveLength(windows?.length ?? 0)
      found.forEach((window, index) => {
        const wanted = windows?.[index]
        expect({ ...window, usedPercent: 0 }).toEqual({ ...wanted, usedPercent: 0 })
        expect(window.usedPercent).toBeCloseTo(wanted?.usedPercent ?? Number.NaN, 6)
      })
      expect(readAccount?.(headers)).toEqual(account)
    }
    if (usage !== undefined) {
      const body = JSON.stringify(usage.body)
      expect(usageProbe?.read(usage.status, {}, body, nowMs)).toEqual(reading)
      // What an error page says is not a reading, whatever it says (89415).
      for (const status of [0, 199, 302, 401, 403, 404, 429, 500, 503])
        expect(usageProbe?.read(status, {}, body, nowMs)).toBeUndefined()
    }
  })

  it('takes any headers without throwing and reads no nonsense from them', () => {
    if (readQuota === undefined) return
    const own = readings.flatMap(([, { headers }]) => Object.keys(headers ?? {}))
    const names = [
      ...own,
      'x-ratelimit-limit-requests',
      'x-ratelimit-remaining-requests',
      'x-ratelimit-reset-requests',
      'x--primary-used-percent',
    ]
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), headerValue, { maxKeys: 12 }), (headers) => {
        expectPlausible(readQuota(headers, NOW_MS), NOW_MS)
        const balance = readAccount?.(headers)?.credits?.balance
        if (balance !== undefined) expect(Number.isFinite(balance)).toBe(true)
      }),
    )
  })

  it('takes any answer of its usage endpoint without throwing and reads no nonsense from it', () => {
    if (usageProbe === undefined) return
    const expectSense = (body: string) => {
      const reading = usageProbe.read(200, {}, body, NOW_MS)
      if (reading === undefined) return
      expectPlausible(reading.windows, NOW_MS)
      const { balance } = reading.account?.credits ?? {}
      if (balance !== undefined) expect(Number.isFinite(balance)).toBe(true)
      const returns = Object.entries(reading.modelReturns ?? {})
      expect(reading.windows.length + returns.length + (reading.account === undefined ? 0 : 1)).toBeGreaterThan(0)
      for (const [, at] of returns) expect(Number.isFinite(at) && at >= YEAR_2020_MS).toBe(true)
    }
    const bodies = readings.flatMap(([, { usage }]) => (usage === undefined ? [] : [usage.body]))
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), expectSense))
    fc.assert(
      fc.property(
        fc.constantFrom(...bodies),
        fc.array(fc.tuple(fc.array(fc.nat(11), { minLength: 1, maxLength: 6 }), jsonLeaf), {
          minLength: 1,
          maxLength: 4,
        }),
        (body, changes) => {
          expectSense(
            JSON.stringify(changes.reduce((changed, [places, other]) => mutated(changed, places, other), body)),
          )
        },
      ),
      { numRuns: 300 },
    )
    for (const body of ['', 'null', '[]', '"x"', '12', '<html>', '{"data":', '['.repeat(100_000)])
      expect(usageProbe.read(200, {}, body, NOW_MS)).toBeUndefined()
  })

  it('asks on the origin of the base URL and nowhere else, with the key in headers only (68237)', () => {
    if (usageProbe === undefined) return
    const segment = fc.constantFrom(
      'v1',
      'codex',
      'backend-api',
      'anthropic',
      'api',
      'paas',
      'v4',
      'coding',
      'relay',
      '@evil.example',
      '..',
    )
    fc.assert(
      fc.property(
        fc.constantFrom(
          provider.baseUrl,
          'http://127.0.0.1:8317',
          'https://relay.example.org',
          'https://user@relay.example.org:8443',
        ),
        fc.array(segment, { maxLength: 4 }),
        fc.constantFrom('', '/'),
        (root, segments, end) => {
          const base = [root, ...segments].join('/') + end
          const { url, headers } = usageProbe.request(SECRET, base)
          expect(new URL(url).origin).toBe(new URL(base).origin)
          expect(url).not.toContain(SECRET.token)
          expect(headers.filter(([, value]) => value.includes(SECRET.token)).map(([name]) => name)).toEqual([
            'authorization',
          ])
          for (const [name] of headers) expect(name).toBe(name.toLowerCase())
        },
      ),
    )
  })
})

it.each([
  ['openai-codex', 'https://chatgpt.com/backend-api/codex', 'https://chatgpt.com/backend-api/wham/usage'],
  ['openai-codex', 'http://127.0.0.1:9/v1', 'http://127.0.0.1:9/v1/api/codex/usage'],
  ['openrouter', 'https://openrouter.ai/api/v1', 'https://openrouter.ai/api/v1/key'],
  ['deepseek', 'https://api.deepseek.com', 'https://api.deepseek.com/user/balance'],
  ['deepseek', 'https://api.deepseek.com/anthropic/', 'https://api.deepseek.com/user/balance'],
  ['moonshot', 'https://api.moonshot.cn/v1', 'https://api.moonshot.cn/v1/users/me/balance'],
  ['kimi-code', 'https://api.kimi.com/coding/v1', 'https://api.kimi.com/coding/v1/usages'],
  ['zai-coding', 'https://api.z.ai/api/coding/paas/v4', 'https://api.z.ai/api/monitor/usage/quota/limit'],
  ['minimax', 'https://api.minimax.io/v1', 'https://api.minimax.io/v1/api/openplatform/coding_plan/remains'],
])('the usage endpoint of %s at %s is %s', (id, base, url) => {
  expect(PROVIDERS[id]?.usageProbe?.request(SECRET, base).url).toBe(url)
})

it('a limit whose type is an object that cannot be turned into text is no limit', () => {
  const body = JSON.stringify({ success: true, data: { limits: [{ type: { toString: '' }, percentage: 100 }] } })
  expect(PROVIDERS['zai-coding']?.usageProbe?.read(200, {}, body, NOW_MS)).toBeUndefined()
})
