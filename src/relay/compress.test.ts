import { describe, expect, it } from 'vitest'
import type { Failure } from '../failure/evidence.ts'
import { Cut } from '../platform/cut.ts'
import { compressConversation } from '../wire/compress/compress-conversation.ts'
import { overflowSize } from '../wire/compress/overflow-size.ts'
import { SHORTEN_RESULTS } from '../wire/compress/shorten-results.ts'
import type { Call } from './call.ts'
import { type Compress, type CompressionLimit, planCompression, standardCompression } from './compress.ts'

const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })
const call = (id: string) => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } }],
})
const output = (id: string, text: string) => ({ role: 'tool', tool_call_id: id, content: text })
const LONG = 'x'.repeat(3_000)

const WORK = [
  { role: 'system', content: 'be brief' },
  user('fix it'),
  call('1'),
  output('1', LONG),
  call('2'),
  output('2', LONG),
  call('3'),
  output('3', LONG),
  assistant('done'),
  user('and now the tests'),
]

const length = (value: unknown) => JSON.stringify(value).length

describe('the compression that comes along', () => {
  const compress = (characters: number, summarise?: (transcript: string) => Promise<string | undefined>) =>
    compressConversation(WORK, {
      wire: 'chat-completions',
      characters,
      keepSteps: 3,
      ...(summarise === undefined ? {} : { summarise }),
    })

  it('leaves out the oldest tool output first, and only as many as must', async () => {
    const shorter = await compress(length(WORK) - 2_000)
    expect(shorter?.[3]).toEqual({ ...output('1', ''), content: expect.stringContaining('3000 characters') as string })
    expect(shorter?.slice(4)).toEqual(WORK.slice(4))
  })

  it('never touches the newest steps', async () => {
    const shorter = await compress(10)
    expect(shorter?.slice(6)).toEqual(WORK.slice(6))
    expect(length(shorter)).toBeLessThan(length(WORK) - 5_000)
  })

  it('summarises what stands before the newest steps only when that was not enough', async () => {
    const asked: string[] = []
    const summarise = (transcript: string) => {
      asked.push(transcript)
      return Promise.resolve(' two files were read ')
    }
    await compress(length(WORK) - 2_000, summarise)
    expect(asked).toEqual([])
    const shorter = await compress(10, summarise)
    expect(shorter).toEqual([
      WORK[0],
      WORK[1],
      user('Summary of the conversation up to here, which was too long to keep:\n\ntwo files were read'),
      ...WORK.slice(6),
    ])
    expect(asked[0]).toContain('assistant: read {"path":"a"}')
    expect(asked[0]).not.toContain('fix it')
    expect(asked[0]).toContain('[...]')
  })

  it('keeps the newest request of the user when a long piece of work stands behind it', async () => {
    const messages = [
      user('first'),
      assistant('a'.repeat(500)),
      user('second'),
      ...['1', '2', '3'].flatMap((id) => [call(id), output(id, LONG)]),
    ]
    const shorter = await compressConversation(messages, {
      wire: 'chat-completions',
      characters: 10,
      keepSteps: 1,
      summarise: () => Promise.resolve('s'),
    })
    expect(shorter?.map(({ content }) => (typeof content === 'string' ? content.slice(0, 7) : content))).toEqual([
      'first',
      'second',
      'Summary',
      null,
      'xxxxxxx',
    ])
  })

  it('is content with the outputs when nobody could summarise', async () => {
    expect(await compress(10, () => Promise.resolve(undefined))).toEqual(await compress(10))
  })

  it('gives up when there is nothing old', async () => {
    expect(
      await compressConversation(WORK.slice(8), { wire: 'chat-completions', characters: 1, keepSteps: 3 }),
    ).toBeUndefined()
  })
})

describe('how far it is over', () => {
  it.each<[string, ReturnType<typeof overflowSize>]>([
    ['prompt is too long: 210000 tokens > 200000 maximum', { sent: 210_000, most: 200_000 }],
    [
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 140,000 tokens.",
      { sent: 140_000, most: 128_000 },
    ],
    [
      'The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).',
      { sent: 1_100_000, most: 1_048_576 },
    ],
    ['Please reduce the length. Current length is 9000 while limit is 8192', { sent: 9_000, most: 8_192 }],
    [
      'request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it',
      { sent: 5_000, most: 4_096 },
    ],
    ['Your input exceeds the context window of this model.', undefined],
    ['prompt is too long: 10 tokens > 200000 maximum', undefined],
  ])('%s', (message, size) => {
    expect(overflowSize(message)).toEqual(size)
  })
})

describe('tool outputs', () => {
  it.each([
    ['function_call_output', LONG, true],
    ['custom_tool_call_output', LONG, true],
    // What stands there is no text, and a text in its place is refused.
    ['computer_call_output', { type: 'computer_screenshot', image_url: LONG }, false],
    ['shell_call_output', [{ stdout: LONG }], false],
  ])('%s can be left out of a Responses conversation: only a text becomes a note', (type, content, isShortened) => {
    const item = { type, call_id: 'c', output: content }
    expect(SHORTEN_RESULTS.responses(item) !== item).toBe(isShortened)
  })
})

describe('a compression in a call', () => {
  const failure = (message: string) => ({ message, label: 'context_overflow' }) as Failure
  const base = (body: Call['body']) => ({ wire: 'chat-completions', body }) as Call
  const plan = (
    compress: Compress,
    round = 1,
    body: Call['body'] = { messages: WORK, model: 'm' },
    message = 'prompt is too long: 200 tokens > 100 maximum',
  ) => planCompression(failure(message), base(body), compress, round, new Cut())

  it('is told how much fits', async () => {
    const seen: CompressionLimit[] = []
    await plan((_, limit) => {
      seen.push(limit)
      return Promise.resolve(undefined)
    }, 2)
    expect(seen).toMatchObject([
      {
        wire: 'chat-completions',
        characters: Math.floor(length(WORK) * 0.45),
        tokens: { sent: 200, most: 100 },
        round: 2,
      },
    ])
  })

  it('replaces the messages and nothing else', async () => {
    const planned = await plan(standardCompression())
    const changed = planned?.change({ wire: 'chat-completions', body: { messages: WORK, model: 'm' }, headers: [] })
    expect(planned?.name).toBe('compress')
    expect(Object.keys(changed?.body ?? {})).toEqual(['messages', 'model'])
    expect(length(changed?.body['messages'])).toBeLessThan(length(WORK))
  })

  it.each<[string, Compress, number, Call['body']]>([
    [
      'shrinks less than 5 %',
      (messages) =>
        Promise.resolve(messages.map((each) => ({ ...each, content: String(each['content']).slice(0, -10) }))),
      1,
      { messages: WORK },
    ],
    ['fails', () => Promise.reject(new Error('no')), 1, { messages: WORK }],
    ['was made three times', standardCompression(), 4, { messages: WORK }],
    [
      'does not hold the whole conversation',
      standardCompression(),
      1,
      { messages: WORK, previous_response_id: 'resp_1' },
    ],
    ['has no messages', standardCompression(), 1, { messages: 'hello' }],
  ])('is not made when it %s', async (_, compress, round, body) => {
    expect(await plan(compress, round, body)).toBeUndefined()
  })

  it('shrinks by more than 5 % at the very edge', async () => {
    const text = 'x'.repeat(1_000)
    const messages = [user(text)]
    const cutTo =
      (share: number): Compress =>
      (given) =>
        Promise.resolve([
          { ...given[0], content: text.slice(0, Math.floor(length(messages) * share) - (length(messages) - 1_000)) },
        ])
    expect(await plan(cutTo(0.96), 1, { messages })).toBeUndefined()
    expect(await plan(cutTo(0.95), 1, { messages })).toBeDefined()
  })
})
