import { expect, it } from 'vitest'
import { openStore } from '../../src/stores/open-store.ts'
import { manualPlatform } from '../support/manual-platform.ts'
import { refreshWorld } from '../support/refresh-world.ts'
import { temporaryHome } from '../support/temporary-home.ts'

/** A refresh that came back late put the tokens of an ended session over those of a new login: `Refresh session has been revoked` from then on (100723). */
it('a refresh that ends after a new login changes nothing, and its caller gets the new login', async () => {
  const platform = manualPlatform()
  const store = await openStore({ kind: 'sqlite', homeDirectory: temporaryHome() }, platform)
  const world = await refreshWorld(store, platform)
  const login = await world.credential()
  const fresh = { token: 'at_login', refreshToken: 'rt_login' }
  const late = world.process({
    ask: async (_, token) => {
      const reply = world.server.refresh(token, platform.clock.now())
      await store.replaceSecret('cred_work', fresh, 'finger-login')
      return reply
    },
  })
  expect(await late.renew(login, 1, { ms: 60_000 })).toMatchObject({ kind: 'renewed', generation: 2, secret: fresh })
  expect(await store.readSecret('cred_work')).toEqual(fresh)
  // Nothing lies in wait that a later start would take up.
  expect(await store.refreshes.asides(() => undefined)).toEqual([])
  await world.process().recover()
  expect(await store.readSecret('cred_work')).toEqual(fresh)
  await store.close()
})
