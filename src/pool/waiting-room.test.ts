import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { WaitingRoom } from './waiting-room.ts'

function room() {
  const platform = manualPlatform()
  return { platform, room: new WaitingRoom(platform.timers) }
}

describe('waiting', () => {
  it('ends for all who wait for this provider, and for nobody else', async () => {
    const { room: here, platform } = room()
    const waiting = [here.wait('openai', 1000, false, undefined), here.wait('openai', 1000, false, undefined)]
    const other = here.wait('anthropic', 1000, false, undefined)
    here.tell('openai')
    expect(await Promise.all(waiting)).toEqual(['changed', 'changed'])
    expect(platform.waiting()).toBe(1)
    platform.advance(1000)
    expect(await other).toBe('elapsed')
    here.tell('nobody')
    here.tell('openai')
  })

  it('counts a change even when the caller leaves in the same moment', async () => {
    const { room: here } = room()
    const leaving = new AbortController()
    const waiting = here.wait('openai', 1000, false, leaving.signal)
    here.tell('openai')
    leaving.abort()
    expect(await waiting).toBe('changed')
  })

  it('of a caller who has left is aborted', async () => {
    const { room: here, platform } = room()
    const leaving = new AbortController()
    const waiting = here.wait('openai', 1000, true, leaving.signal)
    leaving.abort()
    expect([await waiting, platform.waiting()]).toEqual(['aborted', 0])
  })

  it('alone lasts to its end', async () => {
    const { room: here, platform } = room()
    const waiting = here.wait('openai', 1000, false, undefined)
    platform.advance(999)
    expect(platform.waiting()).toBe(1)
    platform.advance(1)
    expect(await waiting).toBe('elapsed')
  })

  it('for places that others take too is interrupted for a look every 50 ms', async () => {
    const { room: here, platform } = room()
    const looking = here.wait('openai', 1000, true, undefined)
    platform.advance(49)
    expect(platform.waiting()).toBe(1)
    platform.advance(1)
    expect(await looking).toBe('changed')
    const last = here.wait('openai', 50, true, undefined)
    platform.advance(50)
    expect(await last).toBe('elapsed')
    const short = here.wait('openai', 20, true, undefined)
    platform.advance(20)
    expect(await short).toBe('elapsed')
  })
})
