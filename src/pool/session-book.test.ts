import { describe, expect, it } from 'vitest'
import { MINUTE, newCredential, START } from '../../test/support/pool-fixtures.ts'
import { refusingStore } from '../../test/support/refusing-store.ts'
import { SessionBook } from './session-book.ts'

const [FIND, PUT] = ['sessions.find', 'sessions.put'] as const
const broken = new TypeError('a bug, not a disk')

async function sessions() {
  const disk = refusingStore()
  for (const name of ['a', 'b']) await disk.store.addCredential(newCredential(name), 0)
  const troubles: string[] = []
  const book = new SessionBook(disk.store, (error) => troubles.push(error.code))
  const stored = (session: string) => disk.store.sessions.find('openai', session)
  const times = (method: string) => disk.calls.filter((call) => call === method).length
  return { ...disk, book, troubles, stored, times }
}

describe('finding a session', () => {
  it('asks the store once, and remembers', async () => {
    const { book, store, times } = await sessions()
    expect(await book.find('openai', 's')).toBeUndefined()
    await store.sessions.put([{ provider: 'openai', session: 's', credentialId: 'cred_a', atMs: START }])
    expect(await book.find('openai', 's')).toBe('cred_a')
    const asked = times(FIND)
    expect(await book.find('openai', 's')).toBe('cred_a')
    expect(times(FIND)).toBe(asked)
    expect(await book.find('anthropic', 's')).toBeUndefined()
  })

  it('goes without when the store refuses; fails when it is closed or has a bug', async () => {
    const { book, refuse, troubles } = await sessions()
    refuse('locked', FIND)
    expect(await book.find('openai', 's')).toBeUndefined()
    expect(troubles).toEqual(['locked'])
    refuse('closed', FIND)
    await expect(book.find('openai', 's')).rejects.toMatchObject({ code: 'closed' })
    refuse(broken, FIND)
    await expect(book.find('openai', 's')).rejects.toBe(broken)
    expect(troubles).toHaveLength(1)
  })

  it('of ten thousand others is a question for the store again: the least recently used is forgotten', async () => {
    const { book, times } = await sessions()
    for (let each = 0; each < 10_000; each += 1) book.put('openai', `s${each}`, 'cred_a', START)
    await book.find('openai', 's0')
    expect(times(FIND)).toBe(0)
    book.put('openai', 's0', 'cred_a', START)
    book.put('openai', 'one more', 'cred_a', START)
    await book.find('openai', 's0')
    await book.find('openai', 's2')
    expect(times(FIND)).toBe(0)
    await book.find('openai', 's1')
    expect(times(FIND)).toBe(1)
  })
})

describe('keeping a session', () => {
  it('writes news in one batch, and nothing when there is none', async () => {
    const { book, stored, times } = await sessions()
    expect(await book.flush()).toBe(true)
    expect(times(PUT)).toBe(0)
    book.put('openai', 's', 'cred_a', START)
    book.put('openai', 't', 'cred_b', START + 1)
    expect(await book.flush()).toBe(true)
    expect(times(PUT)).toBe(1)
    expect(await stored('s')).toEqual({ credentialId: 'cred_a', atMs: START })
    expect(await stored('t')).toEqual({ credentialId: 'cred_b', atMs: START + 1 })
  })

  it('writes one that stays where it is again every ten minutes, counted from the last writing', async () => {
    const { book, stored } = await sessions()
    const at = async (atMs: number) => {
      book.put('openai', 's', 'cred_a', atMs)
      await book.flush()
      return (await stored('s'))?.atMs
    }
    expect(await at(START)).toBe(START)
    expect(await at(START + 6 * MINUTE)).toBe(START)
    expect(await at(START + 10 * MINUTE - 1)).toBe(START)
    expect(await at(START + 10 * MINUTE)).toBe(START + 10 * MINUTE)
    expect(await at(START + 19 * MINUTE)).toBe(START + 10 * MINUTE)
  })

  it('writes one that was found long ago in another process at its next use', async () => {
    const { book, store, stored } = await sessions()
    await store.sessions.put([{ provider: 'openai', session: 's', credentialId: 'cred_a', atMs: START }])
    await book.find('openai', 's')
    book.put('openai', 's', 'cred_a', START + 11 * MINUTE)
    await book.flush()
    expect((await stored('s'))?.atMs).toBe(START + 11 * MINUTE)
  })

  it('writes a move at once', async () => {
    const { book, stored } = await sessions()
    book.put('openai', 's', 'cred_a', START)
    await book.flush()
    book.put('openai', 's', 'cred_b', START + 1)
    await book.flush()
    expect(await stored('s')).toEqual({ credentialId: 'cred_b', atMs: START + 1 })
    expect(await book.find('openai', 's')).toBe('cred_b')
  })

  it('keeps what the store refuses, under what came since', async () => {
    const { book, refuse, stored } = await sessions()
    book.put('openai', 's', 'cred_a', START)
    book.put('openai', 't', 'cred_a', START)
    refuse('full', PUT)
    const flushing = book.flush()
    book.put('openai', 's', 'cred_b', START + 1)
    expect(await flushing).toBe(false)
    refuse('full')
    expect(await book.flush()).toBe(true)
    expect([(await stored('s'))?.credentialId, (await stored('t'))?.credentialId]).toEqual(['cred_b', 'cred_a'])
  })

  it('has nothing left to do when the store is closed, and fails for a bug', async () => {
    const { book, refuse } = await sessions()
    book.put('openai', 's', 'cred_a', START)
    refuse('closed', PUT)
    expect(await book.flush()).toBe(true)
    refuse(broken, PUT)
    await expect(book.flush()).rejects.toBe(broken)
  })
})
