import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { refusingStore } from '../../test/support/refusing-store.ts'
import type { HistoryStore, KeptAnswer } from '../pool/store-contract.ts'
import type { AttemptAnswer } from '../relay/attempt.ts'
import type { Call } from '../relay/call.ts'
import { MemoryStore } from '../stores/memory.ts'
import { KeptConversations } from './kept-conversations.ts'

const BOUNDS = { keepMs: 60_000, maxBytes: 100_000, maxTotalBytes: 1_000_000 }
const ANSWER: KeptAnswer = { client: 'local', id: 'resp_1', text: '{"input":[],"output":[]}' }

function kept(removes = true) {
  const memory = new MemoryStore()
  const refusing = refusingStore(memory)
  const platform = manualPlatform()
  const troubles: string[] = []
  const onTrouble = (message: string) => void troubles.push(message)
  const conversations = new KeptConversations({ store: refusing.store, platform, removes, onTrouble })
  const nowMs = platform.clock.now()
  const put = async (history: HistoryStore) => history.put(ANSWER, BOUNDS, nowMs)
  const isKept = async () => (await (await memory.openHistory()).look('local', 'resp_1', BOUNDS, nowMs)) !== undefined
  return { memory, refusing, conversations, troubles, put, isKept }
}

describe('kept conversations', () => {
  it('are removed when a home is opened that keeps none', async () => {
    const { memory, conversations, put, isKept } = kept()
    await put(await memory.openHistory())
    expect(conversations.as(undefined)).toBeUndefined()
    await conversations.close()
    expect(await isKept()).toBe(false)
  })

  it('stay where they are when whoever keeps none is only a guest', async () => {
    const { memory, refusing, conversations, put, isKept } = kept(false)
    await put(await memory.openHistory())
    conversations.as(undefined)
    await conversations.close()
    expect(refusing.calls).toEqual([])
    expect(await isKept()).toBe(true)
  })

  it('stay when they are kept again after a restart, and nothing is opened before it is needed', async () => {
    const { memory, refusing, conversations, put, isKept } = kept()
    await put(await memory.openHistory())
    expect(conversations.as(BOUNDS)).toBeDefined()
    await conversations.close()
    expect(refusing.calls).toEqual([])
    expect(await isKept()).toBe(true)
  })

  it('are removed when that is switched off while calls run, and kept again when it is switched on', async () => {
    const { memory, conversations, put, isKept } = kept()
    const first = conversations.as(BOUNDS)
    expect(conversations.as({ ...BOUNDS, maxBytes: 5 })).toBe(first)
    await put(await memory.openHistory())
    conversations.as(undefined)
    const second = conversations.as(BOUNDS)
    expect(second).not.toBe(first)
    // Whatever is kept from now on is kept behind the removal.
    await second?.steps({ caller: undefined } as never, 'resp_1')
    expect(await isKept()).toBe(false)
    await put(await memory.openHistory())
    await conversations.close()
    expect(await isKept()).toBe(true)
  })

  it('may wait for a store that nobody has opened when that is switched off', async () => {
    const { refusing, conversations, isKept } = kept()
    const history = conversations.as(BOUNDS)
    const chunks = [Buffer.from('{"id":"resp_1","status":"completed","output":[]}')]
    const body = {
      next: async () => {
        const value = chunks.shift()
        return value === undefined
          ? { done: true as const, value: { kind: 'complete' as const } }
          : { done: false as const, value }
      },
      return: async () => {},
    }
    const call = { wire: 'responses', body: { input: 'hello' }, bytes: new Uint8Array() } as unknown as Call
    const answer: AttemptAnswer = { kind: 'answer', status: 200, headers: [], whole: true, body }
    const recorded = history?.recorded(call, answer, { ownerId: 'cred_a', anew: false })
    while ((await recorded?.body.next())?.done === false);
    conversations.as(undefined)
    await conversations.close()
    expect(refusing.calls).toEqual(['openHistory', 'forgetHistory'])
    expect(await isKept()).toBe(false)
  })

  it('that cannot be removed are told, and nobody fails for it', async () => {
    const { refusing, conversations, troubles } = kept()
    refusing.refuse('full', 'forgetHistory')
    conversations.as(undefined)
    await conversations.close()
    expect(troubles).toEqual(['kept conversations could not be removed: refused for a test'])
  })
})
