import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PROVIDERS, providerNamed } from '../../src/providers/_registry.ts'
import { RULE_TABLES } from '../support/rule-tables.ts'
import type { OutgoingRequest, Provider } from '../../src/providers/provider.ts'

const SECRET = { token: 'planted-token-1234567890', accountId: 'acct-planted' }
const NOW_MS = Date.UTC(2026, 10, 24)

function outgoing(provider: Provider, body: Record<string, unknown>, stream = false): OutgoingRequest {
  return { wire: provider.wires[0] ?? 'responses', model: 'm', stream, headers: [], body }
}

describe.each(Object.entries(PROVIDERS))('provider %s keeps the contract', (name, provider) => {
  it('is called what its file is called', () => {
    expect(provider.id).toBe(name)
    expect(existsSync(new URL(`../../src/providers/${name}.ts`, import.meta.url))).toBe(true)
    expect(provider.label).not.toBe('')
    expect(provider.wires.length).toBeGreaterThan(0)
  })

  it('has an https or loopback address without trailing slash, or none of its own', () => {
    // A resource, project or gateway of the user's own has no address that we could know.
    if (provider.baseUrl === '') expect(['openai-compatible', 'azure', 'vertex', 'cloudflare']).toContain(name)
    else expect(provider.baseUrl).toMatch(/^(?:https:\/\/[^/]+|http:\/\/127\.0\.0\.1:\d+)(\/.*[^/])?$/)
  })

  it('sends the secret in authentication headers and nowhere else, whatever the caller sends', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('authorization', 'x-api-key', 'originator', 'anthropic-version', 'user-agent'),
          fc.string(),
        ),
        (incoming) => {
          for (const wire of provider.wires) {
            const headers = provider.authHeaders(SECRET, wire, incoming)
            expect(headers.some(([, value]) => value.includes(SECRET.token))).toBe(true)
            for (const [header, value] of headers) {
              expect(header).toBe(header.toLowerCase())
              if (value.includes(SECRET.token))
                expect(['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']).toContain(header)
              for (const foreign of ['authorization', 'x-api-key']) {
                const smuggled = incoming[foreign]
                if (smuggled !== undefined && smuggled.length > 4) expect(value).not.toContain(smuggled)
              }
            }
          }
        },
      ),
    )
  })

  it('changes requests purely: no mutation, the same twice, every dropped field named, unknown fields kept', () => {
    const { adapt } = provider
    if (adapt === undefined) return
    const field = fc.constantFrom(
      'temperature',
      'store',
      'stream',
      'metadata',
      'input',
      'instructions',
      'x_unknown',
      'top_p',
      'tools',
    )
    fc.assert(
      fc.property(fc.dictionary(field, fc.jsonValue()), fc.boolean(), (given, stream) => {
        const body = Object.freeze({ model: 'm', ...given })
        const before = JSON.stringify(body)
        const first = adapt(outgoing(provider, body, stream))
        expect(JSON.stringify(body)).toBe(before)
        const again = adapt(outgoing(provider, { ...first.body }, stream))
        expect(again.body).toEqual(first.body)
        expect(again.dropped).toEqual([])
        expect(first.body['x_unknown']).toEqual(body['x_unknown' as keyof typeof body])
        for (const [key, value] of Object.entries(body)) {
          if (!Object.hasOwn(first.body, key) && value !== null) expect(first.dropped).toContain(key)
        }
      }),
    )
  })

  it('hands the very same body on when nothing has to change', () => {
    const { adapt } = provider
    if (adapt === undefined) return
    const body = { model: 'm', input: [], instructions: '', store: false, stream: true }
    expect(adapt(outgoing(provider, body, true)).body).toBe(body)
  })

  it('reads no nonsense from quota headers', () => {
    const { readQuota } = provider
    if (readQuota === undefined) return
    const names = [
      'x-codex-primary-used-percent',
      'x-codex-primary-window-minutes',
      'x-codex-primary-reset-at',
      'x-ratelimit-limit-requests',
      'x-ratelimit-remaining-requests',
      'x-ratelimit-reset-requests',
      'anthropic-ratelimit-tokens-limit',
      'anthropic-ratelimit-tokens-remaining',
      'anthropic-ratelimit-tokens-reset',
    ]
    const value = fc.oneof(fc.string(), fc.constantFrom('-1', 'NaN', 'Infinity', '1e400', '', '100', '99.5', '0'))
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (headers) => {
        for (const window of readQuota(headers, NOW_MS)) {
          expect(Number.isFinite(window.usedPercent) && window.usedPercent >= 0).toBe(true)
          if (window.resetAt !== undefined) expect(Number.isFinite(window.resetAt)).toBe(true)
        }
      }),
    )
  })

  it('takes any text for a token without throwing', () => {
    const { identify } = provider
    if (identify === undefined) return
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/)),
        (token) => {
          const identity = identify(token)
          if (identity?.accountId !== undefined) expect(typeof identity.accountId).toBe('string')
        },
      ),
    )
    expect(identify('sk-not-a-token')).toBeUndefined()
  })

  it('names each of its rows once and as its own', () => {
    const seen = provider.rules.map((rule) => rule.seen)
    expect(new Set(seen).size).toBe(seen.length)
    const tables = new Set(seen.map((each) => each.slice(0, each.indexOf('/'))))
    expect(tables.size).toBe(seen.length === 0 ? 0 : 1)
    for (const table of tables) expect(RULE_TABLES[table]).toBe(provider.rules)
  })
})

describe('names of providers', () => {
  it('belong to one provider each', () => {
    const names = Object.values(PROVIDERS).flatMap(({ id, aliases = [] }) => [id, ...aliases])
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    for (const name of names) expect(name).toBe(name.toLowerCase())
  })

  it.each([
    ['zhipu', 'zai'],
    ['Vertex_AI', 'vertex'],
    ['llama.cpp', 'llama-cpp'],
    ['openai_codex', 'openai-codex'],
    ['one-api', 'new-api'],
  ])('%s is %s', (name, id) => {
    expect(providerNamed(name)?.id).toBe(id)
  })

  it('of nobody, and of every object, are nobody', () => {
    for (const name of ['', 'nobody', 'constructor', '__proto__']) expect(providerNamed(name)).toBeUndefined()
  })
})

describe('openai-codex', () => {
  const codex = PROVIDERS['openai-codex']

  it('makes any Responses request fit and says what it left out', () => {
    const adapted = codex?.adapt?.(
      outgoing(codex, { model: 'm', input: 'hi', temperature: 1, max_output_tokens: 5, store: true }),
    )
    expect(adapted).toMatchObject({
      gather: true,
      body: { store: false, stream: true, instructions: '', input: [{ role: 'user' }] },
    })
    expect([...(adapted?.dropped ?? [])].sort()).toEqual(['max_output_tokens', 'store', 'temperature'])
  })

  it('reads the account from the claims of a token', () => {
    const claims = {
      exp: 1_900_000_000,
      'https://api.openai.com/auth': { chatgpt_account_id: 'acct-9' },
      'https://api.openai.com/profile': { email: 'ä@example.org' },
    }
    const token = `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`
    expect(codex?.identify?.(token)).toEqual({
      accountId: 'acct-9',
      email: 'ä@example.org',
      expiresAtMs: 1_900_000_000_000,
    })
  })

  it('names windows by their length, never by their place', () => {
    const headers = {
      'x-codex-primary-used-percent': '12.5',
      'x-codex-primary-window-minutes': '10080',
      'x-codex-primary-reset-after-seconds': '60',
      'x-codex-primary-reset-at': '1',
    }
    expect(codex?.readQuota?.(headers, NOW_MS)).toEqual([
      { name: '7d', usedPercent: 12.5, windowMinutes: 10_080, resetAt: NOW_MS + 60_000 },
    ])
  })
})

describe('anthropic', () => {
  it("keeps the caller's version and adds one only when there is none", () => {
    const { anthropic } = PROVIDERS
    expect(anthropic?.authHeaders(SECRET, 'messages', { 'anthropic-version': '2026-10-21' })).toEqual([
      ['x-api-key', SECRET.token],
    ])
    expect(anthropic?.authHeaders(SECRET, 'messages', {})).toContainEqual(['anthropic-version', '2023-06-01'])
  })
})
