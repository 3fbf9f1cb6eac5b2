import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { newCredential } from '../../test/support/pool-fixtures.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { openSqliteStore } from './open-sqlite.ts'

/** Two connections to one home, as two processes have them. */
async function pair() {
  const homeDirectory = temporaryHome()
  const platform = manualPlatform()
  const own = await openSqliteStore({ homeDirectory }, platform)
  await own.addCredential(newCredential('a'), platform.clock.now())
  const other = await openSqliteStore({ homeDirectory }, platform)
  return { own, other, platform, close: () => Promise.all([own.close(), other.close()]) }
}

describe('a snapshot that may be old', () => {
  it('misses what another process wrote for that long, and not a moment longer', async () => {
    const { own, other, platform, close } = await pair()
    const seen = await own.snapshot(25)
    await other.replaceSecret('cred_a', { token: 'new' }, 'finger-2')
    platform.advance(24)
    expect(await own.snapshot(25)).toBe(seen)
    platform.advance(1)
    expect((await own.snapshot(25)).credentials[0]?.generation).toBe(2)
    await close()
  })

  it('is never asked for by chance: without an age everything is seen at once', async () => {
    const { own, other, close } = await pair()
    await own.snapshot(25)
    await other.replaceSecret('cred_a', { token: 'new' }, 'finger-2')
    expect((await own.snapshot()).credentials[0]?.generation).toBe(2)
    await close()
  })

  it('never misses what this process wrote', async () => {
    const { own, close } = await pair()
    await own.snapshot(25)
    await own.replaceSecret('cred_a', { token: 'new' }, 'finger-2')
    expect((await own.snapshot(25)).credentials[0]?.generation).toBe(2)
    await own.removeCredential('cred_a')
    expect((await own.snapshot(25)).credentials).toEqual([])
    await close()
    await expect(own.snapshot(25)).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('a secret of one generation', () => {
  it('is opened once, and forgotten with its credential', async () => {
    const { own, close } = await pair()
    await own.snapshot()
    const first = await own.readSecret('cred_a', 1)
    expect(await own.readSecret('cred_a', 1)).toBe(first)
    expect(await own.readSecret('cred_a')).not.toBe(first)
    await own.removeCredential('cred_a')
    expect(await own.readSecret('cred_a', 1)).toBeUndefined()
    await close()
    await expect(own.readSecret('cred_a', 1)).rejects.toMatchObject({ code: 'closed' })
  })

  it('is read again when another process has replaced it and the list was looked at', async () => {
    const { own, other, close } = await pair()
    await own.snapshot()
    await own.readSecret('cred_a', 1)
    await other.replaceSecret('cred_a', { token: 'new' }, 'finger-2')
    const [credential] = (await own.snapshot()).credentials
    expect(await own.readSecret('cred_a', credential?.generation)).toEqual({ token: 'new' })
    expect(await own.readSecret('cred_a')).toEqual({ token: 'new' })
    await close()
  })
})
