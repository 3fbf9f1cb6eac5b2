import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { refreshWorld } from '../../test/support/refresh-world.ts'
import { storeChild } from '../../test/support/spawn-child.ts'
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

  it('a disk that is really full when the answer comes (a file size limit stands in): the pair outlives even a kill', {
    timeout: 60_000,
  }, async () => {
    const home = temporaryHome()
    const store = await openSqliteStore({ homeDirectory: home }, manualPlatform())
    const world = await refreshWorld(store)
    await store.close()
    const child = storeChild('fill-in-refresh', home, 0, ['/bin/sh', '-c', 'ulimit -f 2048; exec "$@"', 'sh'])
    const said = (await child.next()) as { kind: string; saved: boolean; troubles: string[] }
    expect(said).toMatchObject({ kind: 'renewed', saved: false })
    expect(said.troubles.join()).toMatch(/REFRESHED TOKENS NOT STORED.*full/)
    expect(await child.ended()).toBe('SIGKILL')
    expect(sealedIn(home)).toEqual(['refreshed-cred_work-1.sealed'])
    const again = await openSqliteStore({ homeDirectory: home }, manualPlatform())
    await world.process({ store: again.refreshes }).recover()
    expect(await again.readSecret('cred_work')).toMatchObject({ token: 'at_1', refreshToken: 'rt_1' })
    expect(sealedIn(home)).toEqual([])
    await again.close()
  })

  it.skipIf(process.platform === 'win32')(
    'a locked database in a folder that takes no file: kept in memory, said, and stored when the lock ends',
    async () => {
      const home = temporaryHome()
      const isRoot = process.getuid?.() === 0
      const platform = manualPlatform()
      const store = await openSqliteStore({ homeDirectory: home, busyTimeoutMs: 20 }, platform)
      const world = await refreshWorld(store, platform)
      const { DatabaseSync } = await loadSqlite()
      const other = new DatabaseSync(join(home, 'state.db'))
      const login = await world.credential()
      const one = world.process({
        ask: async (_, token) => {
          other.exec('BEGIN IMMEDIATE')
          chmodSync(home, 0o500)
          // Root may write anywhere.
          if (isRoot) process.seteuid?.(65_534)
          return world.server.refresh(token, 0)
        },
      })
      try {
        const renewal = await one.renew(login, 1, { ms: 60_000 })
        expect(renewal).toMatchObject({ kind: 'renewed', saved: false, secret: { token: 'at_1' } })
        expect(world.troubles.join()).toMatch(/kept in memory only .*do not stop this process/)
        // The token is used meanwhile, and the old one is not sent again.
        expect(one.unsaved(login)?.token).toBe('at_1')
        expect(await one.renew(login, 1, { ms: 60_000 })).toMatchObject({ kind: 'renewed', secret: { token: 'at_1' } })
      } finally {
        if (isRoot) process.seteuid?.(0)
        chmodSync(home, 0o700)
      }
      other.exec('COMMIT')
      platform.advance(5_000)
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
      expect(await store.readSecret('cred_work')).toMatchObject({ token: 'at_1', refreshToken: 'rt_1' })
      expect(world.troubles.at(-1)).toContain('is stored now')
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
