import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { deadKeychain, fakeKeychain } from '../../test/support/fake-keychain.ts'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { newCredential } from '../../test/support/pool-fixtures.ts'
import { storeChild } from '../../test/support/spawn-child.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { parseKey } from './key-file.ts'
import { openSqliteStore, rotateHomeKey, type SqliteHome } from './open-sqlite.ts'
import { ROTATION_STEPS } from './rotate-key.ts'
import { keyIdOf, secretBox } from './secret-box.ts'
import { loadSqlite } from './sqlite-driver.ts'

const NOW = 1_767_225_600_000
const open = (home: SqliteHome) => openSqliteStore(home, manualPlatform())
const rotate = (
  home: SqliteHome,
  ...more: Parameters<typeof rotateHomeKey> extends [unknown, unknown, ...infer R] ? R : never
) => rotateHomeKey(home, manualPlatform(), ...more)

async function homeWithTwo(given: Partial<SqliteHome> = {}): Promise<SqliteHome> {
  const home = { homeDirectory: temporaryHome(), ...given }
  const store = await open(home)
  for (const name of ['a', 'b']) await store.addCredential(newCredential(name), NOW)
  await store.close()
  return home
}

async function secretsIn(home: SqliteHome): Promise<readonly unknown[]> {
  const store = await open(home)
  try {
    return [await store.readSecret('cred_a'), await store.readSecret('cred_b')]
  } finally {
    await store.close()
  }
}

const BOTH = [{ token: 'sk-secret-of-a' }, { token: 'sk-secret-of-b' }]
const keyText = (home: SqliteHome) => readFileSync(join(home.homeDirectory, 'key'), 'utf8')

describe('rotation of the key', () => {
  it('seals everything with a new key, which alone opens it', async () => {
    const home = await homeWithTwo()
    const before = keyText(home)
    const { oldKeyId, newKeyId, secrets } = await rotate(home)
    expect(secrets).toBe(2)
    expect(oldKeyId).not.toBe(newKeyId)
    expect(keyIdOf(parseKey(keyText(home)) ?? new Uint8Array())).toBe(newKeyId)
    expect(statSync(join(home.homeDirectory, 'key')).mode & 0o777).toBe(0o600)
    expect(readdirSync(home.homeDirectory).filter((name) => name.includes('next'))).toEqual([])
    expect(await secretsIn(home)).toEqual(BOTH)
    await expect(open({ ...home, key: before })).rejects.toMatchObject({ code: 'wrong_key' })
  })

  it.each(ROTATION_STEPS)('killed at "%s" leaves a home that opens, and can be rotated', async (step) => {
    const home = await homeWithTwo()
    const child = storeChild('rotate', home.homeDirectory, step)
    expect(await child.ended()).toBe('SIGKILL')
    expect(await secretsIn(home)).toEqual(BOTH)
    await rotate(home)
    expect(await secretsIn(home)).toEqual(BOTH)
    expect(readdirSync(home.homeDirectory).filter((name) => name.includes('next'))).toEqual([])
  })

  it('is noticed by a process that has the store open: it reads, and seals with the new key', async () => {
    const home = await homeWithTwo()
    const child = storeChild('follow', home.homeDirectory)
    expect(await child.next()).toBe('ready')
    const { newKeyId } = await rotate(home)
    child.process.stdin?.write('after\n')
    expect(await child.next()).toEqual({
      secret: { token: 'sk-secret-after' },
      other: { token: 'sk-secret-of-b' },
      generation: 2,
    })
    child.process.stdin?.end()
    expect(await child.ended()).toBe(0)
    const key = parseKey(keyText(home)) ?? new Uint8Array()
    expect(keyIdOf(key)).toBe(newKeyId)
    expect(await secretsIn(home)).toEqual([{ token: 'sk-secret-after' }, { token: 'sk-secret-of-b' }])
  })

  it('of two at once, each leaves a home that opens', async () => {
    const home = await homeWithTwo()
    const children = [1, 2, 3].map(() => storeChild('rotate', home.homeDirectory, 'never'))
    for (const child of children) expect(await child.ended()).toBe(0)
    expect(await secretsIn(home)).toEqual(BOTH)
    expect(readdirSync(home.homeDirectory).filter((name) => name.includes('next'))).toEqual([])
  })

  it('a slow rotation does not put its key over that of a quicker one', async () => {
    const home = await homeWithTwo()
    const words = ['--import', 'tsx', 'test/support/store-child.ts', 'rotate', home.homeDirectory, 'never']
    await rotate(home, undefined, (step) => {
      // Another process rotates, start to end, between our commit and our putting the key in place.
      if (step === 'committed') execFileSync(process.execPath, words)
    })
    expect(await secretsIn(home)).toEqual(BOTH)
  })

  it('refuses while a secret does not open, and changes nothing', async () => {
    const home = await homeWithTwo()
    const { DatabaseSync } = await loadSqlite()
    const database = new DatabaseSync(join(home.homeDirectory, 'state.db'))
    database.exec("UPDATE secrets SET envelope = zeroblob(80) WHERE credential_id = 'cred_b'")
    database.close()
    const before = keyText(home)
    await expect(rotate(home)).rejects.toMatchObject({ code: 'damaged' })
    expect(keyText(home)).toBe(before)
    const store = await open(home)
    expect(await store.readSecret('cred_a')).toEqual(BOTH[0])
    await store.close()
  })

  it('with a given key goes to another given key; a process with the old one says so and writes nothing', async () => {
    const old = 'ab'.repeat(32)
    const home = await homeWithTwo({ key: old })
    const store = await open(home)
    await rotate(home, { kind: 'given', key: 'cd'.repeat(32), name: 'NEXT' })
    await expect(store.readSecret('cred_a')).rejects.toMatchObject({ code: 'wrong_key' })
    await expect(store.replaceSecret('cred_a', { token: 'lost' }, 'f')).rejects.toMatchObject({ code: 'wrong_key' })
    await store.close()
    expect(await secretsIn({ ...home, key: 'cd'.repeat(32) })).toEqual(BOTH)
  })
})

describe('a key in the keychain', () => {
  it('is made, found, rotated, and asked for in a store that outlives the machine', async () => {
    const keychain = fakeKeychain()
    const home = await homeWithTwo({ keychain: true, loadKeychainModule: keychain.loadKeychainModule })
    expect(readdirSync(home.homeDirectory)).not.toContain('key')
    await rotate(home)
    expect(await secretsIn(home)).toEqual(BOTH)
    expect(new Set(keychain.options.map((each) => JSON.stringify(each)))).toEqual(
      new Set(['{"linux":{"store":"secret-service"}}']),
    )
  })

  it('a rotation that was cut before the entry was replaced is finished at the next start', async () => {
    const keychain = fakeKeychain()
    const home = await homeWithTwo({ keychain: true, loadKeychainModule: keychain.loadKeychainModule })
    const cut = () =>
      rotate(home, undefined, (step) => {
        if (step === 'committed') throw new Error('cut')
      })
    await expect(cut()).rejects.toThrow('cut')
    expect(await secretsIn(home)).toEqual(BOTH)
  })

  it('a key file moves into it with a rotation', async () => {
    const file = await homeWithTwo()
    const keychain = fakeKeychain()
    const home = { ...file, keychain: true, loadKeychainModule: keychain.loadKeychainModule }
    await expect(open(home)).rejects.toThrow('sparekey key rotate --from file')
    await rotate({ ...home, keychain: false }, { kind: 'keychain' })
    expect(readdirSync(home.homeDirectory)).not.toContain('key')
    expect(await secretsIn(home)).toEqual(BOTH)
  })

  it('on a headless machine: says what is missing, and creates nothing', async () => {
    const homeDirectory = temporaryHome()
    const refused = open({ homeDirectory, keychain: true, loadKeychainModule: deadKeychain() })
    await expect(refused).rejects.toMatchObject({ code: 'keychain' })
    await expect(refused).rejects.toThrow(/Secret Service.*SPAREKEY_KEY/)
    await expect(refused).rejects.not.toThrow('AccessDenied')
    expect(readdirSync(homeDirectory)).toEqual([])
  })

  it('without the package: names it', async () => {
    await expect(open({ homeDirectory: temporaryHome(), keychain: true })).rejects.toThrow(
      'npm install @napi-rs/keyring@2',
    )
  })
})

it('what was sealed before a rotation and lies outside the database still opens, with a key that the database keeps sealed', async () => {
  const home = await homeWithTwo()
  const old = secretBox(parseKey(keyText(home)) ?? new Uint8Array())
  const envelope = old.seal('a refreshed token', 'beside')
  const oldKey = keyText(home).trim()
  await rotate(home)
  await rotate(home)
  const { openSqliteHome } = await import('./open-sqlite.ts')
  const { box, database } = await openSqliteHome(home, manualPlatform())
  expect(box.open(envelope, 'beside')).toEqual({ kind: 'opened', text: 'a refreshed token' })
  expect(box.open(envelope, 'elsewhere')).toEqual({ kind: 'damaged' })
  database.close()
  for (const name of readdirSync(home.homeDirectory))
    expect(readFileSync(join(home.homeDirectory, name)).includes(oldKey), name).toBe(false)
})

it('a key file that others can read is tightened before a rotation', async () => {
  const home = await homeWithTwo()
  chmodSync(join(home.homeDirectory, 'key'), 0o644)
  const notices: string[] = []
  await rotate({ ...home, onNotice: (message) => notices.push(message) })
  expect(notices[0]).toContain('mode 644')
  expect(statSync(join(home.homeDirectory, 'key')).mode & 0o777).toBe(0o600)
})
