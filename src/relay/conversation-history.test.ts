import { describe, expect, it } from 'vitest'
import { responsesAnswers } from '../simulator/responses-answers.ts'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { streamOf } from '../../test/support/watch-stream.ts'
import { MemoryHistory } from '../stores/memory-history.ts'
import { type HistoryStore, StoreError, type StoreErrorCode } from '../pool/store-contract.ts'
import type { AttemptAnswer } from './attempt.ts'
import type { AttemptEnding } from './attempt-body.ts'
import type { Call } from './call.ts'
import { ConversationHistory } from './conversation-history.ts'
import { rewrittenCall } from './rewritten-call.ts'

const BOUNDS = { keepMs: 60_000, maxBytes: 100_000, maxTotalBytes: 1_000_000 }
const MADE = { ownerId: 'cred_a', anew: false }
const COMPLETE: AttemptEnding = { kind: 'complete' }
const BROKEN = { kind: 'failure', failure: {} } as AttemptEnding

function callOf(body: Record<string, unknown>, more: Partial<Call> = {}): Call {
  const call: Call = {
    id: 'call_1',
    wire: 'responses',
    model: 'gpt-5.5',
    stream: true,
    headers: [],
    bytes: new Uint8Array(),
    body: {},
    signal: new AbortController().signal,
    query: '',
    chain: [],
    client: 'other',
    ...more,
  }
  return rewrittenCall(call, { model: 'gpt-5.5', ...body })
}

/** An answer of these chunks. */
function answerOf(chunks: readonly Uint8Array[], whole: boolean, ending: AttemptEnding = COMPLETE): AttemptAnswer {
  const left = [...chunks]
  const next = () => {
    const value = left.shift()
    return Promise.resolve(
      value === undefined ? { done: true as const, value: ending } : { done: false as const, value },
    )
  }
  return { kind: 'answer', status: 200, headers: [], body: { next, return: () => Promise.resolve() }, whole }
}

async function readAll({ body }: AttemptAnswer): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for (;;) {
    const next = await body.next()
    if (next.done === true) return Buffer.concat(chunks)
    chunks.push(next.value)
  }
}

const told = (id: string) => ({ id, model: 'gpt-5.5', nowMs: 0, includeUsage: false })
const bodyOf = (id: string, text = 'hi') =>
  responsesAnswers.good({ kind: 'answer', text }, told(id)).body as Readonly<Record<string, unknown>>
const streamed = (id: string, text = 'hi') => streamOf(responsesAnswers.good({ kind: 'answer', text }, told(id)).events)
/** A stream without its terminal event. */
function unfinished(id: string): Buffer {
  const bytes = streamed(id)
  return bytes.subarray(0, bytes.lastIndexOf('event: response.completed'))
}
const whole = (id: string, text = 'hi') => answerOf([Buffer.from(JSON.stringify(bodyOf(id, text)))], true)

function kept(given: Partial<HistoryStore> = {}, bounds = BOUNDS) {
  const platform = manualPlatform()
  const troubles: string[] = []
  const memory = new MemoryHistory()
  const store: HistoryStore = { ...bound(memory), ...given }
  let opened = 0
  const history = new ConversationHistory({
    open: async () => {
      opened += 1
      return store
    },
    platform,
    bounds,
    onTrouble: (message) => troubles.push(message),
  })
  const say = async (answer: AttemptAnswer, body: Record<string, unknown> = { input: 'hello' }) =>
    readAll(history.recorded(callOf(body), answer, MADE))
  const steps = (id: string, more: Partial<Call> = {}) => history.steps(callOf({}, more), id)
  return { platform, troubles, history, say, steps, opened: () => opened }
}

function bound(memory: MemoryHistory): HistoryStore {
  return {
    put: memory.put.bind(memory),
    look: memory.look.bind(memory),
    conversation: memory.conversation.bind(memory),
    prune: memory.prune.bind(memory),
    close: memory.close.bind(memory),
  }
}

describe('what is kept of an answer', () => {
  it.each([1, 7, 1_000_000])(
    'is the same however its bytes come, and they pass as they are (%i a chunk)',
    async (size) => {
      const { history, say, steps } = kept()
      const bytes = streamed('1', 'some words')
      const chunks: Uint8Array[] = []
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
      expect((await say(answerOf(chunks, false))).equals(bytes)).toBe(true)
      await history.flush()
      const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hello' }] }]
      expect(await steps('resp_1')).toEqual([{ input, output: bodyOf('1', 'some words')['output'], ownerId: 'cred_a' }])
      await history.close()
    },
  )

  it('is written behind its end, when its last bytes have gone', async () => {
    const { platform, history, say, steps } = kept()
    await say(whole('1'))
    expect(await steps('resp_1')).toBeUndefined()
    platform.advance(1)
    await history.flush()
    expect(await steps('resp_1')).toHaveLength(1)
    await history.close()
  })

  it('is there for the next call, which may come before it is written', async () => {
    const { history, say } = kept()
    await say(whole('1'))
    expect(await history.look(callOf({}), 'resp_1')).toEqual({ ownerId: 'cred_a' })
    await history.close()
  })

  it.each<[string, AttemptAnswer, Record<string, unknown>]>([
    ['was left by its reader', answerOf([unfinished('1')], false, { kind: 'cancelled' }), { input: 'hello' }],
    ['broke off', answerOf([unfinished('1')], false, BROKEN), { input: 'hello' }],
    ['broke off as a whole', answerOf([Buffer.from(JSON.stringify(bodyOf('1')))], true, BROKEN), { input: 'hello' }],
    ['is not to be stored', whole('1'), { input: 'hello', store: false }],
    ['has no input that could be told again', whole('1'), { input: 7 }],
    ['is made of a prompt that the provider keeps', whole('1'), { prompt: { id: 'pmpt_1' } }],
    ['is still being made', answerOf([Buffer.from('{"id":"resp_1","status":"queued","output":[]}')], true), {}],
    ['has no id', answerOf([Buffer.from('{"status":"completed","output":[]}')], true), {}],
    ['is no JSON', answerOf([Buffer.from('<html>')], true), {}],
    ['is too long', whole('1', 'x'.repeat(200_000)), { input: 'hello' }],
    ['is a stream that is far too long', answerOf([streamed('1', 'x'.repeat(1_000_000))], false), { input: 'hello' }],
    ['goes on from one that nobody kept', whole('1'), { input: 'hello', previous_response_id: 'resp_0' }],
  ])('is nothing when it %s', async (_name, answer, body) => {
    const { troubles, history, say, steps } = kept()
    await say(answer, body)
    await history.flush()
    expect(await steps('resp_1')).toBeUndefined()
    expect(troubles).toEqual([])
    await history.close()
  })

  it('is nothing in other protocols', async () => {
    const { history } = kept()
    const answer = whole('1')
    expect(history.recorded(callOf({ input: 'hello' }, { wire: 'messages' }), answer, MADE)).toBe(answer)
    await history.close()
  })

  it.each([
    ['nothing when its reader leaves before the terminal event', [unfinished('1')], false, undefined],
    ['all of it when its reader leaves at the terminal event', [streamed('1')], false, 1],
    ['all of it when its reader leaves with the whole body', [Buffer.from(JSON.stringify(bodyOf('1')))], true, 1],
  ])('is %s; the upstream is cancelled', async (_name, chunks, isWhole, length) => {
    const { history, steps } = kept()
    let left = 0
    const answer = answerOf(chunks, isWhole)
    const body = { next: () => answer.body.next(), return: async () => void (left += 1) }
    const recorded = history.recorded(callOf({ input: 'hello' }), { ...answer, body }, MADE)
    await recorded.body.next()
    await recorded.body.return()
    expect(left).toBe(1)
    await history.flush()
    expect((await steps('resp_1'))?.length).toBe(length)
    await history.close()
  })

  it('is the caller’s alone', async () => {
    const { history, say, steps } = kept()
    await say(whole('1'))
    await history.flush()
    expect(await steps('resp_1', { caller: 'somebody' })).toBeUndefined()
    await history.close()
  })

  it('grows with the bounds that are given later', async () => {
    const { history, say, steps } = kept({}, { ...BOUNDS, maxBytes: 300 })
    await say(whole('1'))
    await history.flush()
    expect(await steps('resp_1')).toBeUndefined()
    history.keepWithin(BOUNDS)
    await say(whole('2'))
    await history.flush()
    expect(await steps('resp_2')).toHaveLength(1)
    await history.close()
  })

  it('is looked through for what is too old, though nobody calls any more', async () => {
    const pruned: number[] = []
    const { platform, history } = kept({ prune: async (_bounds, nowMs) => void pruned.push(nowMs) })
    platform.advance(3_600_000)
    await history.flush()
    await Promise.resolve()
    expect(pruned).toEqual([platform.clock.now()])
    await history.close()
  })
})

describe('a store that fails', () => {
  /** One whose writes fail as long as there is an error. */
  function failing() {
    const memory = new MemoryHistory()
    const state: { error: StoreErrorCode | undefined; tries: number } = { error: undefined, tries: 0 }
    const put: HistoryStore['put'] = (...given) => {
      state.tries += 1
      if (state.error !== undefined) throw new StoreError(state.error, 'refused for a test')
      return memory.put(...given)
    }
    const { platform, ...house } = kept({ ...bound(memory), put })
    const isKept = async (id: string) => (await memory.look('local', id, BOUNDS, platform.clock.now())) !== undefined
    return { state, platform, isKept, ...house }
  }

  it('costs only the memory, and is told once, and when it is over', async () => {
    const { state, troubles, history, say, steps } = failing()
    state.error = 'full'
    for (const id of ['1', '2']) await say(whole(id))
    await history.flush()
    expect(troubles).toEqual(['conversations are not kept: refused for a test'])
    expect(state.tries).toBe(2)
    state.error = undefined
    await say(whole('3'))
    await history.flush()
    expect(troubles.slice(1)).toEqual(['conversations are kept again'])
    expect(await steps('resp_1')).toBeUndefined()
    expect(await steps('resp_3')).toHaveLength(1)
    await history.close()
  })

  it('that others have locked for a moment is tried again, without a word', async () => {
    const { state, platform, troubles, history, say, steps } = failing()
    state.error = 'locked'
    await say(whole('1'))
    await history.flush()
    state.error = undefined
    platform.advance(20)
    await history.flush()
    expect(await steps('resp_1')).toHaveLength(1)
    expect(troubles).toEqual([])
    await history.close()
  })

  it('that others have locked when a client goes on already is tried again before the answer is looked for', async () => {
    const { state, platform, history, say } = failing()
    state.error = 'locked'
    await say(whole('1'))
    const looking = history.look(callOf({}), 'resp_1')
    await history.flush()
    state.error = undefined
    platform.advance(20)
    expect(await looking).toEqual({ ownerId: 'cred_a' })
    await history.close()
  })

  it('that stays locked holds up nobody for long, and nobody whose answer is another', async () => {
    const { state, platform, history, say } = failing()
    state.error = 'locked'
    await say(whole('1'))
    expect(await history.look(callOf({}), 'resp_0')).toBeUndefined()
    expect(await history.look(callOf({}, { caller: 'somebody' }), 'resp_1')).toBeUndefined()
    const looking = history.look(callOf({}), 'resp_1')
    await history.flush()
    platform.advance(300)
    expect(await looking).toBeUndefined()
    state.error = undefined
    await history.close()
  })

  it('that others have locked when the program ends is tried again', async () => {
    const { state, platform, troubles, isKept, history, say } = failing()
    state.error = 'locked'
    await say(whole('1'))
    const closing = history.close()
    await history.flush()
    expect(await isKept('resp_1')).toBe(false)
    state.error = undefined
    platform.advance(20)
    await closing
    expect(await isKept('resp_1')).toBe(true)
    expect(troubles).toEqual([])
  })

  it('that stays locked does not keep the program from ending', async () => {
    const { state, platform, troubles, history, say } = failing()
    state.error = 'locked'
    await say(whole('1'))
    const closing = history.close()
    await history.flush()
    platform.advance(5_000)
    await closing
    expect(troubles).toEqual(['conversations are not kept: refused for a test'])
    expect(platform.waiting()).toBe(0)
  })

  it('that stays locked does not fill the memory: of too much that waits, with its requests, the oldest goes', async () => {
    const { state, isKept, history } = failing()
    state.error = 'locked'
    const call = { ...callOf({ input: 'hello' }), bytes: new Uint8Array(30 * 1024 * 1024) }
    for (const id of ['1', '2', '3']) await readAll(history.recorded(call, whole(id), MADE))
    state.error = undefined
    await history.close()
    expect(await Promise.all(['resp_1', 'resp_2', 'resp_3'].map(isKept))).toEqual([false, true, true])
  })

  it('that stays locked is given up', async () => {
    const { state, platform, troubles, history, say } = failing()
    state.error = 'locked'
    await say(whole('1'))
    await history.flush()
    platform.advance(5_000)
    await history.flush()
    expect(troubles).toEqual(['conversations are not kept: refused for a test'])
    const { tries } = state
    platform.advance(1_000)
    await history.flush()
    expect(state.tries).toBe(tries)
    await history.close()
  })

  it('cannot make a call fail that asks it', async () => {
    const full = () => Promise.reject(new StoreError('full', 'refused for a test'))
    const { troubles, history } = kept({ look: full, conversation: full })
    expect(await history.look(callOf({}), 'resp_1')).toBeUndefined()
    expect(await history.steps(callOf({}), 'resp_1')).toBeUndefined()
    expect(troubles).toHaveLength(1)
    await history.close()
  })

  it('that could not be opened is opened again for the next answer', async () => {
    const memory = new MemoryHistory()
    const troubles: string[] = []
    let opened = 0
    const history = new ConversationHistory({
      open: async () => {
        opened += 1
        if (opened === 1) throw new StoreError('read_only', 'refused for a test')
        return memory
      },
      platform: manualPlatform(),
      bounds: BOUNDS,
      onTrouble: (message) => troubles.push(message),
    })
    for (const id of ['1', '2']) {
      await readAll(history.recorded(callOf({ input: 'hello' }), whole(id), MADE))
      await history.flush()
    }
    expect(troubles).toEqual(['conversations are not kept: refused for a test', 'conversations are kept again'])
    expect(await history.steps(callOf({}), 'resp_2')).toHaveLength(1)
    await history.close()
  })

  it('is not opened before there is something to keep', async () => {
    const { opened, history } = kept()
    await history.close()
    expect(opened()).toBe(0)
  })
})
