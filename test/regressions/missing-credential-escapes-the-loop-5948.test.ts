import { describe, expect, it } from 'vitest'
import { ask } from '../support/client.ts'
import { startWorld } from '../support/world.ts'

/** A credential that could not be resolved failed before the loop, so that the fallback was never tried. */
describe.each([false, true])('a route without a single credential (stream: %s)', (stream) => {
  it('falls back like any other failure', async () => {
    const scenario = { name: 'regression', description: '', credentials: { 'tok-a': {} } }
    const world = await startWorld({
      sides: [
        { provider: 'openai', scenario, tokens: [] },
        { provider: 'openrouter', scenario },
      ],
    })
    try {
      expect(await ask(world.gateway.url, 'responses', stream)).toMatchObject({ status: 200, ending: 'complete' })
      expect(world.simulators[0]?.requests).toEqual([])
    } finally {
      await world.close()
    }
  })
})
