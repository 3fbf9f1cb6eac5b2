import { describe, expect, it } from 'vitest'
import type { HistoryBounds, HistoryStore, KeptAnswer } from '../../src/pool/store-contract.ts'

export const NOW = 1_767_225_600_000
export const WIDE: HistoryBounds = { keepMs: 1_000, maxBytes: 1_000_000, maxTotalBytes: 10_000_000 }

/** @param previous id of the answer before it */
export function keptAnswer(id: string, previous?: string, given: Partial<KeptAnswer> = {}): KeptAnswer {
  return { client: 'one', id, previous, ownerId: 'cred_a', text: `said in ${id}`, ...given }
}

/** @param open an empty one of the test's own */
export function historyContract(name: string, open: () => Promise<HistoryStore>): void {
  const opened = async () => {
    const history = await open()
    const put = (answer: KeptAnswer, nowMs = NOW, bounds = WIDE) => history.put(answer, bounds, nowMs)
    const textsOf = async (id: string, nowMs = NOW, client = 'one') =>
      (await history.conversation(client, id, WIDE, nowMs))?.map(({ text }) => text)
    return { history, put, textsOf }
  }

  describe(`kept conversations: ${name}`, () => {
    it('gives a conversation from its beginning, with who has each answer', async () => {
      const { history, put } = await opened()
      expect(await put(keptAnswer('r1'))).toBe(true)
      expect(await put(keptAnswer('r2', 'r1', { ownerId: undefined }))).toBe(true)
      expect(await put(keptAnswer('r3', 'r2', { ownerId: 'cred_b', text: 'ö "x"\n' }))).toBe(true)
      expect(await history.conversation('one', 'r3', WIDE, NOW)).toEqual([
        expect.objectContaining({ ownerId: 'cred_a', text: 'said in r1' }),
        expect.objectContaining({ ownerId: undefined, text: 'said in r2' }),
        expect.objectContaining({ ownerId: 'cred_b', text: 'ö "x"\n' }),
      ])
      expect(await history.look('one', 'r3', WIDE, NOW)).toEqual({ ownerId: 'cred_b' })
      expect(await history.look('one', 'r2', WIDE, NOW)).toEqual({ ownerId: undefined })
      await history.close()
    })

    it('lets conversations part', async () => {
      const { history, put, textsOf } = await opened()
      await put(keptAnswer('r1'))
      await put(keptAnswer('left', 'r1'))
      await put(keptAnswer('right', 'r1'))
      expect(await textsOf('left')).toEqual(['said in r1', 'said in left'])
      expect(await textsOf('right')).toEqual(['said in r1', 'said in right'])
      await history.close()
    })

    it('gives nobody what another client was told', async () => {
      const { history, put, textsOf } = await opened()
      await put(keptAnswer('r1'))
      expect(await history.look('two', 'r1', WIDE, NOW)).toBeUndefined()
      expect(await textsOf('r1', NOW, 'two')).toBeUndefined()
      expect(await put(keptAnswer('r2', 'r1', { client: 'two' }))).toBe(false)
      // The same id at another client is another answer.
      expect(await put(keptAnswer('r1', undefined, { client: 'two', text: 'of two' }))).toBe(true)
      expect(await textsOf('r1')).toEqual(['said in r1'])
      expect(await textsOf('r1', NOW, 'two')).toEqual(['of two'])
      await history.close()
    })

    it('does not keep what goes on from an answer that is not here', async () => {
      const { history, put } = await opened()
      expect(await put(keptAnswer('r2', 'r1'))).toBe(false)
      expect(await history.look('one', 'r2', WIDE, NOW)).toBeUndefined()
      await history.close()
    })

    it('knows neither of two answers with one id, nor what goes on from it', async () => {
      const { history, put, textsOf } = await opened()
      await put(keptAnswer('r1'))
      await put(keptAnswer('r2', 'r1'))
      expect(await put(keptAnswer('r1', undefined, { text: 'another' }))).toBe(false)
      expect(await history.look('one', 'r1', WIDE, NOW)).toBeUndefined()
      expect(await textsOf('r2')).toBeUndefined()
      expect(await put(keptAnswer('r3', 'r1'))).toBe(false)
      expect(await put(keptAnswer('r1', undefined, { text: 'a third' }))).toBe(false)
      await history.close()
    })

    it('keeps a conversation for its time from its last answer on, then all of it goes', async () => {
      const { history, put, textsOf } = await opened()
      await put(keptAnswer('r1'))
      await put(keptAnswer('r2', 'r1'), NOW + 900)
      await put(keptAnswer('other'), NOW + 100)
      expect(await textsOf('r2', NOW + 1_900)).toHaveLength(2)
      expect(await textsOf('other', NOW + 1_101)).toBeUndefined()
      expect(await history.look('one', 'r2', WIDE, NOW + 1_901)).toBeUndefined()
      expect(await put(keptAnswer('r3', 'r2'), NOW + 1_901)).toBe(false)
      await history.prune(WIDE, NOW + 1_901)
      // Gone, and not only out of sight.
      expect(await textsOf('r2', NOW)).toBeUndefined()
      await history.close()
    })

    it('keeps no conversation that is larger than one may be, and its beginning stays', async () => {
      const { history, put, textsOf } = await opened()
      const narrow = { ...WIDE, maxBytes: 3_000 }
      const long = { text: 'x'.repeat(1_000) }
      expect(await put(keptAnswer('r1', undefined, long), NOW, narrow)).toBe(true)
      expect(await put(keptAnswer('r2', 'r1', long), NOW, narrow)).toBe(true)
      expect(await put(keptAnswer('r3', 'r2', long), NOW, narrow)).toBe(false)
      expect(await textsOf('r2')).toHaveLength(2)
      expect(await put(keptAnswer('alone', undefined, { text: 'x'.repeat(3_000) }), NOW, narrow)).toBe(false)
      await history.close()
    })

    it('forgets what was used least lately when there is too much in all, and never the beginning before the end', async () => {
      const { history, put, textsOf } = await opened()
      const narrow = { ...WIDE, keepMs: 100_000, maxBytes: 5_000, maxTotalBytes: 5_000 }
      const long = { text: 'x'.repeat(1_000) }
      await put(keptAnswer('old1', undefined, long), NOW, narrow)
      await put(keptAnswer('old2', 'old1', long), NOW, narrow)
      await put(keptAnswer('new1', undefined, long), NOW + 500, narrow)
      // Going on makes all of the old conversation the newest.
      await put(keptAnswer('old3', 'old2', { text: 'y' }), NOW + 1_000, narrow)
      await put(keptAnswer('last', undefined, long), NOW + 1_500, narrow)
      const found = await Promise.all(['new1', 'old3', 'last'].map((id) => textsOf(id, NOW + 900)))
      expect(found.map((texts) => texts?.length)).toEqual([undefined, 3, 1])
      // Of one conversation the last answers go first: what is left of it is whole.
      await put(keptAnswer('more', undefined, { text: 'x'.repeat(2_000) }), NOW + 2_000, narrow)
      expect(await textsOf('old3', NOW + 900)).toBeUndefined()
      expect(await textsOf('old1', NOW + 900)).toHaveLength(1)
      await history.close()
    })
  })
}
