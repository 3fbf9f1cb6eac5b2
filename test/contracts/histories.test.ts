import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MemoryHistory } from '../../src/stores/memory-history.ts'
import { openSqliteStore, rotateHomeKey } from '../../src/stores/open-sqlite.ts'
import { loadSqlite } from '../../src/stores/sqlite-driver.ts'
import { manualPlatform } from '../support/manual-platform.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { historyContract, keptAnswer, NOW, WIDE } from './history.contract.ts'

historyContract('memory', async () => new MemoryHistory())

historyContract('sqlite', () => openAt(temporaryHome()))

describe('conversations in memory', () => {
  it('make room for many answers at once when there are too many', async () => {
    const history = new MemoryHistory()
    const bounds = { ...WIDE, maxTotalBytes: 30_000 }
    const oneMore = (id: number) =>
      history.put(keptAnswer(`r${id}`, undefined, { text: 'x'.repeat(44) }), bounds, NOW + id)
    const oldest = async () => {
      const looks = Array.from({ length: 105 }, (_, id) => history.look('one', `r${id}`, bounds, NOW + 105))
      return (await Promise.all(looks)).findIndex((look) => look !== undefined)
    }
    // Each takes 300 bytes.
    for (let id = 0; id < 100; id += 1) await oneMore(id)
    expect(await oldest()).toBe(0)
    for (const id of [100, 101, 102]) await oneMore(id)
    expect(await oldest()).toBe(3)
    await oneMore(103)
    expect(await oldest()).toBe(6)
  })
})

async function openAt(homeDirectory: string) {
  const store = await openSqliteStore({ homeDirectory }, manualPlatform())
  const history = await store.openHistory()
  return { ...bound(history), close: () => history.close().then(() => store.close()) }
}

/** Its methods, to be spread. */
function bound(history: Awaited<ReturnType<Awaited<ReturnType<typeof openSqliteStore>>['openHistory']>>) {
  return {
    put: history.put.bind(history),
    look: history.look.bind(history),
    conversation: history.conversation.bind(history),
    prune: history.prune.bind(history),
  }
}

async function rowsIn(homeDirectory: string): Promise<number> {
  const { DatabaseSync } = await loadSqlite()
  const database = new DatabaseSync(join(homeDirectory, 'history.db'))
  try {
    const row = database.prepare('SELECT (SELECT count(*) FROM answers) + (SELECT count(*) FROM texts) AS n').get()
    return Number(row?.n)
  } finally {
    database.close()
  }
}

describe('history.db', () => {
  it('is seen by all processes of a home at once, and outlives each', async () => {
    const home = temporaryHome()
    const [one, other] = [await openAt(home), await openAt(home)]
    await one.put(keptAnswer('r1'), WIDE, NOW)
    expect(await other.look('one', 'r1', WIDE, NOW)).toEqual({ ownerId: 'cred_a' })
    await other.put(keptAnswer('r2', 'r1'), WIDE, NOW)
    expect(await one.conversation('one', 'r2', WIDE, NOW)).toHaveLength(2)
    await one.close()
    await other.close()
    const later = await openAt(home)
    expect(await later.conversation('one', 'r2', WIDE, NOW)).toHaveLength(2)
    await later.close()
  })

  it('is its owner’s alone, and shows neither words nor ids nor clients', async () => {
    const home = temporaryHome()
    const history = await openAt(home)
    const words = 'planted words of a conversation'
    await history.put(keptAnswer('resp_planted1', undefined, { client: 'client_planted', text: words }), WIDE, NOW)
    await history.put(
      keptAnswer('resp_planted2', 'resp_planted1', { client: 'client_planted', text: words }),
      WIDE,
      NOW,
    )
    const files = readdirSync(home).filter((file) => file.startsWith('history.db'))
    expect(files).toEqual(['history.db', 'history.db-shm', 'history.db-wal'])
    for (const file of files) {
      expect(statSync(join(home, file)).mode & 0o777).toBe(0o600)
      expect(readFileSync(join(home, file)).includes('planted')).toBe(false)
    }
    await history.close()
    expect(readFileSync(join(home, 'history.db')).includes('planted')).toBe(false)
    // It is all there, for whoever has the key.
    const again = await openAt(home)
    expect(await again.conversation('client_planted', 'resp_planted2', WIDE, NOW)).toHaveLength(2)
    await again.close()
  })

  it('does not exist before somebody wants to keep something, and forgetting makes none', async () => {
    const home = temporaryHome()
    const store = await openSqliteStore({ homeDirectory: home }, manualPlatform())
    await store.forgetHistory()
    await store.close()
    expect(existsSync(join(home, 'history.db'))).toBe(false)
  })

  it('is empty once it is forgotten, also for a process that has it open', async () => {
    const home = temporaryHome()
    const history = await openAt(home)
    await history.put(keptAnswer('r1'), WIDE, NOW)
    const store = await openSqliteStore({ homeDirectory: home }, manualPlatform())
    await store.forgetHistory()
    expect(await history.look('one', 'r1', WIDE, NOW)).toBeUndefined()
    await store.close()
    await history.close()
    expect(await rowsIn(home)).toBe(0)
  })

  it('does not open an answer that was moved to another place, or given another owner', async () => {
    const home = temporaryHome()
    const history = await openAt(home)
    await history.put(keptAnswer('r1'), WIDE, NOW)
    await history.put(keptAnswer('r2'), WIDE, NOW)
    const { DatabaseSync } = await loadSqlite()
    const database = new DatabaseSync(join(home, 'history.db'))
    const [one, two] = database.prepare('SELECT envelope FROM texts').all()
    const swap = database.prepare('UPDATE texts SET envelope = ? WHERE envelope = ?')
    swap.run(Buffer.from('between'), one?.envelope ?? null)
    swap.run(one?.envelope ?? null, two?.envelope ?? null)
    swap.run(two?.envelope ?? null, Buffer.from('between'))
    expect(await history.conversation('one', 'r1', WIDE, NOW)).toBeUndefined()
    await history.put(keptAnswer('r3'), WIDE, NOW)
    database.exec("UPDATE answers SET owner_id = 'cred_b'")
    database.close()
    expect(await history.conversation('one', 'r3', WIDE, NOW)).toBeUndefined()
    await history.close()
  })

  it('goes with the key of the home: a rotation removes what was kept, and a process that runs goes on keeping', async () => {
    const home = temporaryHome()
    const history = await openAt(home)
    await history.put(keptAnswer('r1'), WIDE, NOW)
    await rotateHomeKey({ homeDirectory: home }, manualPlatform())
    expect(await rowsIn(home)).toBe(0)
    expect(await history.look('one', 'r1', WIDE, NOW)).toBeUndefined()
    expect(await history.put(keptAnswer('r2'), WIDE, NOW)).toBe(true)
    const other = await openAt(home)
    expect(await other.conversation('one', 'r2', WIDE, NOW)).toHaveLength(1)
    await other.close()
    await history.close()
  })

  it('removes, when it is opened, what an earlier key sealed and a killed rotation left', async () => {
    const home = temporaryHome()
    const history = await openAt(home)
    await history.put(keptAnswer('r1'), WIDE, NOW)
    await history.close()
    const { DatabaseSync } = await loadSqlite()
    const database = new DatabaseSync(join(home, 'history.db'))
    database.exec("UPDATE answers SET key_id = 'earlier'")
    database.close()
    await (await openAt(home)).close()
    expect(await rowsIn(home)).toBe(0)
  })

  it('is opened while another process writes, and what an earlier key sealed goes the next time', async () => {
    const home = temporaryHome()
    const history = await openAt(home)
    await history.put(keptAnswer('r1'), WIDE, NOW)
    const { DatabaseSync } = await loadSqlite()
    const holder = new DatabaseSync(join(home, 'history.db'))
    holder.exec("UPDATE answers SET key_id = 'earlier'")
    await history.put(keptAnswer('r2'), WIDE, NOW)
    holder.exec('BEGIN IMMEDIATE')
    const other = await openAt(home)
    expect(await other.look('one', 'r2', WIDE, NOW)).toEqual({ ownerId: 'cred_a' })
    holder.exec('ROLLBACK')
    holder.close()
    expect(await rowsIn(home)).toBe(4)
    await (await openAt(home)).close()
    expect(await rowsIn(home)).toBe(2)
    await other.close()
    await history.close()
  })

  it('that is damaged is left as it is, and the error says what to do', async () => {
    const home = temporaryHome()
    const path = join(home, 'history.db')
    writeFileSync(path, 'this is no database, but somebody may want it back'.repeat(100))
    const before = readFileSync(path)
    const store = await openSqliteStore({ homeDirectory: home }, manualPlatform())
    await expect(store.openHistory()).rejects.toThrow(/history\.db cannot be read.* Move it away/)
    await expect(store.forgetHistory()).rejects.toMatchObject({ code: 'damaged' })
    await store.close()
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('does not wait for another writer', async () => {
    const home = temporaryHome()
    const history = await openAt(home)
    const { DatabaseSync } = await loadSqlite()
    const holder = new DatabaseSync(join(home, 'history.db'))
    holder.exec('BEGIN IMMEDIATE')
    await expect(history.put(keptAnswer('r1'), WIDE, NOW)).rejects.toMatchObject({ code: 'locked' })
    expect(await history.look('one', 'r1', WIDE, NOW)).toBeUndefined()
    holder.exec('ROLLBACK')
    holder.close()
    expect(await history.put(keptAnswer('r1'), WIDE, NOW)).toBe(true)
    await history.close()
  })
})
