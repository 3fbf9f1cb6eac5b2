import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openStore } from '../../src/stores/open-store.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { newCredential } from '../support/pool-fixtures.ts'
import { temporaryHome } from '../support/temporary-home.ts'

/** Whether the file was there was asked first, and it was written later: two that began together had two files, and one of them won (8040). */
it('six that make the same home at once have one key, and each reads what the others have sealed', async () => {
  const homeDirectory = temporaryHome()
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const stores = await Promise.all(names.map(() => openStore({ kind: 'sqlite', homeDirectory }, systemPlatform)))
  for (const [index, store] of stores.entries()) await store.addCredential(newCredential(names[index] ?? ''), 1)
  for (const store of stores)
    for (const name of names) expect(await store.readSecret(`cred_${name}`)).toEqual({ token: `sk-secret-of-${name}` })
  await Promise.all(stores.map((store) => store.close()))
  expect(
    readdirSync(homeDirectory)
      .filter((name) => !/-(wal|shm)$/.test(name))
      .sort(),
  ).toEqual(['key', 'state.db'])
  if (process.platform !== 'win32')
    for (const name of ['key', 'state.db']) expect(statSync(join(homeDirectory, name)).mode & 0o777).toBe(0o600)
})
