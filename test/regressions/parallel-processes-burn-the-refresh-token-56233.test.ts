import { expect, it } from 'vitest'
import { openStore } from '../../src/stores/open-store.ts'
import { manualPlatform } from '../support/manual-platform.ts'
import { refreshWorld } from '../support/refresh-world.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { systemPlatform } from '../../src/platform/platform.ts'

/** Every process, and every agent of a fleet (paperclip 5707), spent the same single-use token: the second one logged everybody out. */
it('eight processes that meet one ended token send it once, and all go on with what came of it (56233, 34820)', async () => {
  const homeDirectory = temporaryHome()
  const platform = { ...manualPlatform(), timers: systemPlatform.timers }
  const open = () => openStore({ kind: 'sqlite', homeDirectory }, platform)
  const world = await refreshWorld(await open(), platform)
  const login = await world.credential()
  const stores = await Promise.all(Array.from({ length: 8 }, open))
  const ask = async (_: unknown, token: string | undefined) => {
    world.server.arrive()
    // The others get their turn while the token travels.
    await systemPlatform.timers.sleep(60)
    world.server.leave()
    return world.server.refresh(token, platform.clock.now())
  }
  const renewals = await Promise.all(
    stores.map((store) => world.process({ store: store.refreshes, ask }).renew(login, 1, { ms: 20_000 })),
  )
  expect(renewals.map((each) => each.kind === 'renewed' && each.secret.token)).toEqual(stores.map(() => 'at_1'))
  expect(world.server).toMatchObject({ posts: 1, reuses: 0, mostInFlight: 1 })
  await Promise.all([world.store, ...stores].map((store) => store.close()))
})
