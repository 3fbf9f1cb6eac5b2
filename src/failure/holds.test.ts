import { describe, expect, it } from 'vitest'
import type { Evidence } from './evidence.ts'
import { holds, isLastResort } from './holds.ts'
import type { Layer } from './layers.ts'
import type { Rule } from './rule.ts'

const EVIDENCE: Evidence = {
  channel: 'http',
  provider: 'x',
  api: 'responses',
  status: 429,
  headers: {},
  seenAtMs: 0,
}
const LAYER: Layer = {
  codes: ['first_code', 'second_code'],
  types: ['a_type'],
  params: ['a_param'],
  statuses: [],
  text: 'some words',
  message: 'Some words',
  thrown: ['anerror', 'ecode'],
  shape: 'json',
  foreign: false,
}

interface Changes {
  readonly evidence?: Partial<Evidence>
  readonly layer?: Partial<Layer>
  readonly headers?: Record<string, string>
}

function verdict(conditions: Partial<Rule>, { evidence, layer, headers }: Changes = {}): boolean {
  return holds(
    { is: 'unknown', seen: 'x/y', ...conditions },
    {
      evidence: { ...EVIDENCE, ...evidence },
      layer: { ...LAYER, ...layer },
      headers: { 'x-name': 'Value', ...headers },
    },
  )
}

describe('a row holds when every condition does', () => {
  it.each<readonly [Partial<Rule>, boolean]>([
    [{}, true],
    [{ code: 'second_code' }, true],
    [{ code: 'second' }, false],
    [{ code: ['other', 'first_code'] }, true],
    [{ code: ['other'] }, false],
    [{ code: /^second_/ }, true],
    [{ code: /^third_/ }, false],
    [{ type: 'a_type' }, true],
    [{ type: 'first_code' }, false],
    [{ param: 'a_param' }, true],
    [{ param: 'b_param' }, false],
    [{ thrown: ['ecode'] }, true],
    [{ thrown: 'a_type' }, false],
    [{ text: /\bwords$/ }, true],
    [{ text: /Some/ }, false],
    [{ status: 429 }, true],
    [{ status: 428 }, false],
    [{ status: [400, 429] }, true],
    [{ status: [400, 401] }, false],
    [{ status: { from: 429, to: 429 } }, true],
    [{ status: { from: 430, to: 499 } }, false],
    [{ status: { from: 400, to: 428 } }, false],
    [{ header: { name: 'x-name', is: true } }, true],
    [{ header: { name: 'x-other', is: true } }, false],
    [{ header: { name: 'x-name', is: 'value' } }, true],
    [{ header: { name: 'x-name', is: 'valu' } }, false],
    [{ header: { name: 'x-name', is: /^Val/ } }, true],
    [{ header: { name: 'x-name', is: /^val/ } }, false],
    [{ shape: 'json' }, true],
    [{ shape: ['html', 'text'] }, false],
    [{ api: 'responses' }, true],
    [{ api: ['messages', 'oauth'] }, false],
    [{ channel: 'http' }, true],
    [{ channel: ['body', 'end'] }, false],
    [{ code: 'first_code', type: 'b_type' }, false],
    [{ code: 'first_code', type: 'a_type', text: /some/, status: 429 }, true],
  ])('%j', (conditions, expected) => {
    expect(verdict(conditions)).toBe(expected)
  })

  it('nothing meets an empty list, not even a pattern of anything', () => {
    expect(verdict({ code: /(?:)/ }, { layer: { codes: [] } })).toBe(false)
    expect(verdict({ code: ['x'] }, { layer: { codes: [] } })).toBe(false)
  })

  it("a layer's own status outranks the answer's, and a success is no status of a failure", () => {
    expect(verdict({ status: 429 }, { layer: { statuses: [503] } })).toBe(false)
    expect(verdict({ status: 503 }, { layer: { statuses: [503] } })).toBe(true)
    for (const status of [200, 204, 299]) expect(verdict({ status }, { evidence: { status } })).toBe(false)
    for (const status of [199, 300, 302]) expect(verdict({ status }, { evidence: { status } })).toBe(true)
    const { status: _none, ...silent } = EVIDENCE
    expect(
      holds(
        { is: 'unknown', seen: 'x/y', status: { from: 0, to: 999 } },
        { evidence: silent, layer: LAYER, headers: {} },
      ),
    ).toBe(false)
  })

  it('the prose of a page speaks only to rows about pages', () => {
    expect(verdict({ text: /words/ }, { layer: { shape: 'html' } })).toBe(false)
    expect(verdict({ text: /words/, shape: 'html' }, { layer: { shape: 'html' } })).toBe(true)
    expect(verdict({ text: /words/, shape: ['html', 'text'] }, { layer: { shape: 'html' } })).toBe(true)
  })
})

it.each<readonly [Partial<Rule>, boolean]>([
  [{}, true],
  [{ status: 429, shape: 'empty', channel: 'end', api: 'oauth' }, true],
  [{ code: 'x' }, false],
  [{ type: 'x' }, false],
  [{ param: 'x' }, false],
  [{ text: /x/ }, false],
  [{ thrown: 'x' }, false],
  [{ header: { name: 'x', is: true } }, false],
])('%j is a last resort: %s', (conditions, expected) => {
  expect(isLastResort({ is: 'unknown', seen: 'x/y', ...conditions })).toBe(expected)
})
