import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { homeDigests } from '../../test/support/home-digests.ts'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { newCredential } from '../../test/support/pool-fixtures.ts'
import { storeChild } from '../../test/support/spawn-child.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { StoreError } from '../pool/store-contract.ts'
import { openSqliteStore, type SqliteHome } from './open-sqlite.ts'
import { loadSqlite } from './sqlite-driver.ts'

const NOW = 1_767_225_600_000
const NOBODY = 65_534
const open = (homeDirectory: string, given: Partial<SqliteHome> = {}) =>
  openSqliteStore({ homeDirectory, ...given }, manualPlatform())

async function homeWithOne(key?: string): Promise<string> {
  const home = temporaryHome()
  const store = await open(home, key === undefined ? {} : { key })
  await store.addCredential(newCredential('a'), NOW)
  await store.close()
  return home
}

async function refusal(work: () => Promise<unknown>): Promise<StoreError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
  throw new Error('it was not refused')
}

/** `-shm` is a volatile index that every reader may rebuild. */
const bytesOf = (home: string) => homeDigests(home, /-shm$/)

async function refusedUntouched(home: string, given: Partial<SqliteHome> = {}): Promise<StoreError> {
  const before = bytesOf(home)
  const error = await refusal(() => open(home, given))
  const after = bytesOf(home)
  for (const [name, bytes] of Object.entries(before)) expect(after[name], name).toBe(bytes)
  return error
}

async function sql(path: string, text: string): Promise<void> {
  const { DatabaseSync } = await loadSqlite()
  const database = new DatabaseSync(path)
  database.exec(text)
  database.close()
}

describe('a new home', () => {
  it('is readable by its owner only, at any umask', async () => {
    const home = join(temporaryHome(), 'a', 'b')
    const old = process.umask(0)
    try {
      const store = await open(home)
      await store.addCredential(newCredential('a'), NOW)
      const mode = (name: string) => (statSync(join(home, name)).mode & 0o777).toString(8)
      expect(mode('.')).toBe('700')
      for (const name of ['key', 'state.db', 'state.db-wal', 'state.db-shm']) expect(mode(name), name).toBe('600')
      await store.close()
    } finally {
      process.umask(old)
    }
  })

  it('needs no key file when a key is given', async () => {
    const home = await homeWithOne('ab'.repeat(32))
    expect(existsSync(join(home, 'key'))).toBe(false)
    const store = await open(home, { key: Buffer.from('ab'.repeat(32), 'hex').toString('base64') })
    expect(await store.readSecret('cred_a')).toEqual({ token: 'sk-secret-of-a' })
    await store.close()
  })

  it('that is a file is refused', async () => {
    const path = join(temporaryHome(), 'file')
    writeFileSync(path, 'mine')
    const error = await refusal(() => open(path))
    expect(error.code).toBe('read_only')
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })
})

describe('keys', () => {
  it('a wrong key is an error at open, and nothing changes', async () => {
    const home = await homeWithOne()
    const error = await refusedUntouched(home, { key: 'cd'.repeat(32) })
    expect(error.code).toBe('wrong_key')
    expect(error.message).toContain('SPAREKEY_KEY')
  })

  it('a missing key file is an error, never a new key over sealed secrets', async () => {
    const home = await homeWithOne()
    rmSync(join(home, 'key'))
    const error = await refusedUntouched(home)
    expect(error.code).toBe('wrong_key')
    expect(existsSync(join(home, 'key'))).toBe(false)
  })

  it.each(['', 'garbage\n', 'ab'.repeat(31)])('a key file that holds %j is left as it is', async (text) => {
    const home = await homeWithOne()
    writeFileSync(join(home, 'key'), text)
    expect((await refusedUntouched(home)).code).toBe('wrong_key')
  })

  it('a given key of the wrong length is refused before anything is created', async () => {
    const home = temporaryHome()
    expect((await refusal(() => open(home, { key: 'short' }))).code).toBe('wrong_key')
    expect(readdirSync(home)).toEqual([])
  })

  it('files that others could read are tightened, and that is said', async () => {
    const home = await homeWithOne()
    for (const name of ['key', 'state.db']) chmodSync(join(home, name), 0o644)
    const notices: string[] = []
    const store = await open(home, { onNotice: (message) => notices.push(message) })
    await store.close()
    expect(notices.map((message) => message.includes('mode 644'))).toEqual([true, true])
    for (const name of ['key', 'state.db']) expect(statSync(join(home, name)).mode & 0o777).toBe(0o600)
  })

  it('a secret copied to another row does not open', async () => {
    const home = await homeWithOne()
    const store = await open(home)
    await store.addCredential(newCredential('b'), NOW)
    await sql(
      join(home, 'state.db'),
      "UPDATE secrets SET envelope = (SELECT envelope FROM secrets WHERE credential_id = 'cred_a') WHERE credential_id = 'cred_b'",
    )
    expect((await refusal(() => store.readSecret('cred_b'))).code).toBe('damaged')
    expect(await store.readSecret('cred_a')).toEqual({ token: 'sk-secret-of-a' })
    await store.close()
  })
})

describe('a database that cannot be used is never overwritten', () => {
  it('garbage', async () => {
    const home = await homeWithOne()
    writeFileSync(join(home, 'state.db'), 'this is not a database '.repeat(500))
    const error = await refusedUntouched(home)
    expect(error.code).toBe('damaged')
    expect(error.message).toContain('sparekey doctor')
  })

  it('a page of rubbish in the middle', async () => {
    const home = await homeWithOne()
    const bytes = readFileSync(join(home, 'state.db'))
    bytes.fill(0x5a, 4096, bytes.length)
    writeFileSync(join(home, 'state.db'), bytes)
    expect((await refusedUntouched(home)).code).toBe('damaged')
  })

  it('cut short', async () => {
    const home = await homeWithOne()
    truncateSync(join(home, 'state.db'), 5000)
    expect((await refusedUntouched(home)).code).toBe('damaged')
  })

  it('of another program', async () => {
    const home = temporaryHome()
    await sql(join(home, 'state.db'), 'CREATE TABLE recipes (name TEXT)')
    writeFileSync(join(home, 'key'), `${'ab'.repeat(32)}\n`, { mode: 0o600 })
    const error = await refusedUntouched(home)
    expect(error.code).toBe('damaged')
    expect(error.message).toContain('another program')
  })

  it('of a newer version', async () => {
    const home = await homeWithOne()
    await sql(join(home, 'state.db'), 'PRAGMA user_version = 99')
    const error = await refusedUntouched(home)
    expect(error.code).toBe('newer_schema')
    expect(error.message).toContain('update sparekey')
  })
})

describe('a home that refuses', () => {
  it('reading only: says so', async () => {
    const home = await homeWithOne()
    for (const name of readdirSync(home)) chmodSync(join(home, name), 0o400)
    chmodSync(home, 0o500)
    // Root may write anywhere: as another user then.
    const root = process.getuid?.() === 0
    if (root) for (const name of ['.', ...readdirSync(home)]) chownSync(join(home, name), NOBODY, NOBODY)
    if (root) process.seteuid?.(NOBODY)
    try {
      expect((await refusedUntouched(home)).code).toBe('read_only')
    } finally {
      if (root) process.seteuid?.(0)
      chmodSync(home, 0o700)
    }
  })

  it('locked by somebody else: says so', async () => {
    const home = await homeWithOne()
    const { DatabaseSync } = await loadSqlite()
    const other = new DatabaseSync(join(home, 'state.db'))
    const store = await open(home, { busyTimeoutMs: 20 })
    other.exec('BEGIN IMMEDIATE')
    const error = await refusal(() => store.setPriority('cred_a', 4))
    expect(error.code).toBe('locked')
    // Reading goes on.
    expect((await store.snapshot()).credentials[0]?.priority).toBe(0)
    other.exec('COMMIT')
    await store.setPriority('cred_a', 4)
    expect((await store.snapshot()).credentials[0]?.priority).toBe(4)
    other.close()
    await store.close()
  })

  it('full (a file size limit stands in for the disk): says so, keeps what was committed, and works again with space', async () => {
    const home = await homeWithOne()
    const child = storeChild('fill', home, 0, ['/bin/sh', '-c', 'ulimit -f 2048; exec "$@"', 'sh'])
    const said = (await child.next()) as { code: string; committed: number; seen: number; message: string }
    expect(said).toMatchObject({ name: 'StoreError', code: 'full' })
    expect(said.committed).toBeGreaterThan(3)
    expect(said.seen).toBe(said.committed)
    expect(await child.ended()).toBe(0)
    const store = await open(home)
    expect((await store.snapshot()).credentials).toHaveLength(said.committed + 1)
    expect(await store.readSecret('cred_f0')).toEqual({ token: 't'.repeat(20_000) })
    await store.addCredential(newCredential('later'), NOW)
    await store.close()
  })

  it('a folder in the place of the database: says so', async () => {
    const home = temporaryHome()
    mkdirSync(join(home, 'state.db'))
    expect((await refusal(() => open(home))).code).toBe('read_only')
  })
})
