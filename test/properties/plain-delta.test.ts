import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlainChatDelta, isPlainMessagesDelta, isPlainResponsesDelta } from '../../src/wire/plain-delta.ts'
import { WIRES } from '../../src/wire/wires.ts'

const SAMPLES = {
  'chat-completions': {
    isPlain: isPlainChatDelta,
    events: [
      '{"id":"c1","object":"chat.completion.chunk","created":1800000000,"model":"gpt-5.5","choices":[{"index":0,"delta":{"content":" a few \\"words\\" \\u00e4 é"},"finish_reason":null}]}',
      '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":{"content":"x"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"ab"}',
      '{"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"Because"},"finish_reason":null}]}',
    ],
  },
  responses: {
    isPlain: isPlainResponsesDelta,
    events: [
      '{"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"a \\n b","logprobs":[],"obfuscation":"x"}',
      '{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":1,"delta":"{\\"a\\":"}',
    ],
  },
  messages: {
    isPlain: isPlainMessagesDelta,
    events: [
      '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello \\ud83d\\ude00"}      }',
      '{"type":"content_block_delta","index":12,"delta":{"type":"input_json_delta","partial_json":"{\\"a"}}',
    ],
  },
} as const

/** Members that decide what an event means. */
const MEMBERS = [
  '"error":"x"',
  '"error":null',
  '"error_message":"x"',
  '"error_type":"x"',
  '"base_resp":{"status_code":1}',
  '"type":"error"',
  '"type":"response.failed"',
  '"choices":[]',
  '"usage":{"prompt_tokens":1}',
  '"finish_reason":"stop"',
  '"finish_reason":"error"',
  '"index":1',
  '"delta":""',
  '"delta":{}',
  '"message":{}',
  '"text":""',
]
const SIGNS = [
  '"',
  '\\',
  ',',
  ':',
  '{',
  '}',
  '[',
  ']',
  '0',
  '1',
  '-',
  'e',
  ' ',
  '\u0000',
  '\n',
  'null',
  '""',
  'u',
  '\\u12',
]

const edit = fc.record({
  at: fc.nat(),
  removed: fc.nat({ max: 12 }),
  added: fc.constantFrom('', ...MEMBERS, ...SIGNS),
})

/** What an observer makes of one event, and what it makes of an end behind it. */
function verdict(wire: keyof typeof SAMPLES, data: string, name: string) {
  const observer = WIRES[wire].observeStream()
  const meaning = observer.observe({ raw: Buffer.alloc(0), event: { name, data } })
  return { kind: meaning.kind, usage: observer.usage(), end: observer.end() }
}

/** A blank behind the event changes nothing for a parser, and is never taken for a plain one. */
function parsed(wire: keyof typeof SAMPLES, data: string, name: string) {
  expect(SAMPLES[wire].isPlain(`${data} `)).toBe(false)
  return verdict(wire, `${data} `, name)
}

describe.each(Object.keys(SAMPLES) as (keyof typeof SAMPLES)[])('a plain delta of %s', (wire) => {
  const { isPlain, events } = SAMPLES[wire]

  it.each(events)('is recognised without a parser: %s', (data) => {
    expect(isPlain(data)).toBe(true)
    expect(verdict(wire, data, '')).toEqual(parsed(wire, data, ''))
    expect(verdict(wire, data, '').kind).toBe('visible')
  })

  it('never means anything else than its parsed form, however it was altered', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<string>(...events),
        fc.array(edit, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', 'error', 'message'),
        (original, edits, name) => {
          let data = original
          for (const { at, removed, added } of edits) {
            const place = at % (data.length + 1)
            data = data.slice(0, place) + added + data.slice(place + removed)
          }
          expect(verdict(wire, data, name)).toEqual(parsed(wire, data, name))
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it.each(MEMBERS)('means what its parsed form means with %s before or behind any member', (member) => {
    for (const data of events)
      for (let at = 0; at < data.length; at += 1) {
        const sign = data.charAt(at)
        if (sign !== ',' && sign !== '}' && sign !== '{') continue
        const altered =
          sign === '{'
            ? `${data.slice(0, at + 1)}${member},${data.slice(at + 1)}`
            : `${data.slice(0, at)},${member}${data.slice(at)}`
        expect(verdict(wire, altered, ''), altered).toEqual(parsed(wire, altered, ''))
      }
  })

  it('is parsed when it is long', () => {
    const long = events[0].replace(/"(content|delta|text)":"/, (found) => found + 'x'.repeat(3_000))
    expect(isPlain(long)).toBe(false)
    expect(verdict(wire, long, '').kind).toBe('visible')
  })
})
