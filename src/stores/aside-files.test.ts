import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { refreshWorld } from '../../test/support/refresh-world.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { openSqliteStore } from './open-sqlite.ts'
import { loadSqlite } from './sqlite-driver.ts'

const sealedIn = (home: string) => readdirSync(home).filter((name) => name.endsWith('.sealed'))

/** The database refuses writes between POST and commit, as a full or read-only disk does. */
async function refusedCommit(refuse: 'locked' | 'full') {
  const home = temporaryHome()
  const store = await openSqliteStore({ homeDirectory: home, busyTimeoutMs: 20 }, manualPlatform())
  const world = await refreshWorld(store)
  const { DatabaseSync } = await loadSqlite()
  const other = new DatabaseSync(join(home, 'state.db'))
  const login = await world.credential()
  const one = world.process({
    ask: async (_, token) => {
      if (refuse === 'locked') other.exec('BEGIN IMMEDIATE')
      // A trigger that fails stands in for a disk that refuses this one transaction.
      else
        other.exec("CREATE TRIGGER refuse BEFORE UPDATE ON credentials BEGIN SELECT RAISE(ABORT, 'disk refuses'); END")
      return world.server.refresh(token, 0)
    },
  })
  const renewal = await one.renew(login, 1, { ms: 60_000 })
  const allow = () => other.exec(refuse === 'locked' ? 'COMMIT' : 'DROP TRIGGER refuse')
  return { home, store, world, one, login, renewal, allow, other }
}

describe('a refresh whose commit is refused', () => {
  it.each(['locked', 'full'] as const)(
    '%s: the pair is sealed beside the database, and stored by a later process',
    async (refuse) => {
      const { home, store, world, renewal, allow, other } = await refusedCommit(refuse)
      expect(renewal).toMatchObject({ kind: 'renewed', saved: false, secret: { token: 'at_1', refreshToken: 'rt_1' } })
      const [name = ''] = sealedIn(home)
      expect(statSync(join(home, name)).mode & 0o777).toBe(0o600)
      expect(readFileSync(join(home, name)).includes('rt_1')).toBe(false)
      expect(world.troubles.join()).toContain('REFRESHED TOKENS NOT STORED')
      allow()
      // As after a crash: another process, which knows nothing, takes it up at its start.
      await world.process().recover()
      expect(await store.readSecret('cred_work')).toMatchObject({ token: 'at_1', refreshToken: 'rt_1' })
      expect(sealedIn(home)).toEqual([])
      expect(world.server).toMatchObject({ posts: 1, reuses: 0 })
      other.close()
      await store.close()
    },
  )

  it('a damaged recovery file is told and left', async () => {
    const home = temporaryHome()
    const store = await openSqliteStore({ homeDirectory: home }, manualPlatform())
    const path = join(home, 'refreshed-cred_work-1.sealed')
    writeFileSync(path, 'rubbish')
    chmodSync(path, 0o600)
    const told: string[] = []
    expect(await store.refreshes.asides((message) => told.push(message))).toEqual([])
    expect(told.join()).toContain('is damaged')
    expect(sealedIn(home)).toHaveLength(1)
    await store.close()
  })
})
