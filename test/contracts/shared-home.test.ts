import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/platform/random.ts'
import { openStore } from '../../src/stores/open-store.ts'
import { manualPlatform } from '../support/manual-platform.ts'
import { newCredential } from '../support/pool-fixtures.ts'
import { type Child, storeChild } from '../support/spawn-child.ts'
import { temporaryHome } from '../support/temporary-home.ts'

const NOW = 1_767_225_600_000
const open = (homeDirectory: string) => openStore({ kind: 'sqlite', homeDirectory }, manualPlatform())

/** A home with one credential, `cred_a`. */
async function homeWithOne(): Promise<string> {
  const home = temporaryHome()
  const store = await open(home)
  await store.addCredential(newCredential('a'), NOW)
  await store.close()
  return home
}

async function allAtOnce(children: readonly Child[]): Promise<unknown[]> {
  for (const child of children) expect(await child.next()).toBe('ready')
  for (const child of children) child.go()
  const said = await Promise.all(children.map((child) => child.next()))
  for (const child of children) expect(await child.ended()).toBe(0)
  return said
}

describe('several processes on one home', () => {
  it('count exactly: uses, strikes and turns', async () => {
    const home = await homeWithOne()
    const each = 150
    const said = await allAtOnce([1, 2, 3, 4].map(() => storeChild('count', home, each)))
    const turns = said.flatMap((line) => (line as { turns: number[] }).turns)
    expect(turns.sort((a, b) => a - b)).toEqual(Array.from({ length: 4 * each }, (_, index) => index))
    const store = await open(home)
    const { benches } = await store.snapshot()
    expect((await store.readings.current()).uses.get('cred_a')?.count).toBe(4 * each)
    expect(benches[0]?.strikes).toBe(4 * each)
    await store.close()
  })

  it('give a trial to exactly one of five', async () => {
    const home = await homeWithOne()
    const said = await allAtOnce([1, 2, 3, 4, 5].map(() => storeChild('claim', home)))
    expect(said.filter((line) => (line as { claimed: boolean }).claimed)).toHaveLength(1)
  })

  it('see a bench of another process at the next look', async () => {
    const home = await homeWithOne()
    const store = await open(home)
    expect((await store.snapshot()).benches).toEqual([])
    const child = storeChild('bench', home)
    await allAtOnce([child])
    expect((await store.snapshot()).benches[0]).toMatchObject({ credentialId: 'cred_a', strikes: 7 })
    await store.close()
  })

  it('that create the home at the same moment agree on one key and one database', async () => {
    const home = join(temporaryHome(), 'new', 'home')
    const names = ['p', 'q', 'r', 's']
    const said = await allAtOnce(names.map((name) => storeChild('create', home, name)))
    expect(said).toEqual(names.map((name) => ({ secret: { token: `sk-secret-of-${name}` } })))
    const store = await open(home)
    expect((await store.snapshot()).credentials.map((each) => each.label).sort()).toEqual(names)
    for (const name of names) expect(await store.readSecret(`cred_${name}`)).toEqual({ token: `sk-secret-of-${name}` })
    await store.close()
    expect(readdirSync(home).filter((name) => name.endsWith('.draft'))).toEqual([])
  })
})

describe('kill -9 of a writer', () => {
  const random = seededRandom(20_26)
  const moments = Array.from({ length: 6 }, () => 1 + Math.floor(random.next() * 240))

  it.each(moments)('after line %i: the store opens and nothing committed is lost', async (lines) => {
    const home = await homeWithOne()
    const child = storeChild('write', home)
    let strikes = 0
    let generation = 1
    let uses = 0
    for (let line = 0; line < lines; line += 1) {
      const said = (await child.next()) as { strikes?: number; generation?: number; uses?: number }
      strikes = said.strikes ?? strikes
      generation = said.generation ?? generation
      uses = said.uses ?? uses
    }
    child.process.kill('SIGKILL')
    expect(await child.ended()).toBe('SIGKILL')

    const store = await open(home)
    const { credentials, benches } = await store.snapshot()
    const credential = credentials[0]
    expect(benches[0]?.strikes).toBeGreaterThanOrEqual(strikes)
    expect(credential?.generation).toBeGreaterThanOrEqual(generation)
    expect((await store.readings.current()).uses.get('cred_a')?.count ?? 0).toBeGreaterThanOrEqual(uses)
    // The secret is the one of the generation that stands, whole.
    const step = (credential?.generation ?? 0) - 1
    const token = step === 0 ? 'sk-secret-of-a' : `token ${step} ${'t'.repeat(step % 400)}`
    expect(await store.readSecret('cred_a')).toEqual({ token })
    await store.close()
  })
})

describe('secrets at rest', () => {
  it('appear in no byte of the home, not even while it is open', async () => {
    const home = temporaryHome()
    const store = await open(home)
    const planted = 'sk-planted-Zx81qR'
    await store.addCredential(
      newCredential('a', { secret: { token: planted, refreshToken: `${planted}-refresh` } }),
      NOW,
    )
    await store.replaceSecret('cred_a', { token: `${planted}-2` }, 'f2')
    await store.addCredential(
      newCredential('b', { source: { kind: 'env', variable: 'KEY_VARIABLE' }, secret: { token: planted } }),
      NOW,
    )
    await store.replaceSecret('cred_b', { token: planted }, 'f3')
    const look = () => {
      const files = readdirSync(home)
      for (const file of files) expect(readFileSync(join(home, file)).includes(planted), file).toBe(false)
      return files
    }
    expect(look()).toEqual(expect.arrayContaining(['key', 'state.db', 'state.db-wal']))
    expect(readFileSync(join(home, 'state.db-wal')).includes('cred_a')).toBe(true)
    await store.close()
    expect(look()).toEqual(expect.arrayContaining(['key', 'state.db']))
  })
})
