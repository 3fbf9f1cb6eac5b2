import { expect, it } from 'vitest'
import { refreshWorld } from '../support/refresh-world.ts'

/** Two refreshes 1.4 s apart killed the session: the lock ended with the answer, the new token was stored after it. */
it('whoever comes between answer and commit waits for the commit (105797)', async () => {
  const world = await refreshWorld()
  const login = await world.credential()
  const { refreshes } = world.store
  let store = () => {}
  const stored = new Promise<void>((resolve) => {
    store = resolve
  })
  const slow = world.process({
    store: new Proxy(refreshes, {
      get(target, name: keyof typeof refreshes) {
        if (name === 'setAside') return () => Promise.reject(new Error('nothing beside the store'))
        if (name !== 'commit') return target[name].bind(target)
        return async (renewed: Parameters<typeof refreshes.commit>[0]) => {
          await stored
          return target.commit(renewed)
        }
      },
    }),
  })
  const first = slow.renew(login, 1, { ms: 60_000 })
  const settle = async () => {
    for (let turn = 0; turn < 30; turn += 1) await Promise.resolve()
  }
  await settle()
  expect(world.server.posts).toBe(1)
  const second = world.process().renew(login, 1, { ms: 60_000 })
  world.platform.advance(1_400)
  await settle()
  expect(world.server).toMatchObject({ posts: 1, reuses: 0 })
  store()
  expect(await first).toMatchObject({ kind: 'renewed', generation: 2, saved: true })
  world.platform.advance(100)
  expect(await second).toMatchObject({ kind: 'renewed', generation: 2, secret: { token: 'at_1' } })
  expect(world.server).toMatchObject({ posts: 1, reuses: 0 })
})
