import { afterEach, describe, expect, it } from 'vitest'
import { FAILURE_KINDS, type FailureKind, refusedPort } from '../../src/simulator/index.ts'
import { ask } from '../support/client.ts'
import { startWorld, type World } from '../support/world.ts'

const LIMITS = { firstByteMs: 150, idleMs: 150, holdMs: 4_000 }
const GOOD = 'The answer is 42.'

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

function providerOf({ wire }: FailureKind) {
  return wire === 'messages' ? 'anthropic' : 'openai'
}

/** The first credential fails each time; `others` answer. */
async function fails(row: FailureKind, others: readonly string[], deadlineMs = 5_000): Promise<World> {
  const credentials = { 'tok-a': { steps: [row.step] }, ...Object.fromEntries(others.map((token) => [token, {}])) }
  world = await startWorld({
    sides: [{ provider: providerOf(row), scenario: { name: row.kind, description: '', credentials } }],
    limits: { ...LIMITS, deadlineMs },
  })
  return world
}

async function benchesOf(at: World): Promise<readonly string[]> {
  const { benches } = await at.store.snapshot()
  return benches.map(({ credentialId, reason }) => `${credentialId.split('_').at(-1)} ${reason}`)
}

/** Every surface decides alike: the gateway over sockets, and the library inside the process. */
const SURFACES = {
  gateway: (at: World) => ({ url: at.gateway.url, options: {} }),
  fetch: (at: World) => ({ url: 'http://anywhere.invalid', options: { fetch: at.fetch } }),
} as const

const ROWS = (Object.keys(SURFACES) as ReadonlyArray<keyof typeof SURFACES>).flatMap((surface) =>
  FAILURE_KINDS.map((row) => [`${surface} ${row.wire} ${row.mode} ${row.kind}`, surface, row] as const),
)

describe.each(ROWS)('%s', (_name, surface, row) => {
  const stream = row.mode === 'stream'
  const asked = (at: World) => {
    const { url, options } = SURFACES[surface](at)
    return ask(url, row.wire, stream, options)
  }

  it('with a second good credential', async () => {
    const at = await fails(row, ['tok-b'])
    const reading = await asked(at)
    const firstFailure = at.events.find((event) => event.type === 'attempt_failed')
    if (row.afterOutput === true) {
      expect(reading).toMatchObject({ status: 200, ending: 'error' })
      expect(reading.said.length).toBeGreaterThan(0)
      expect(at.simulators[0]?.hits('tok-b')).toBe(0)
      const ended = at.events.find((event) => event.type === 'call_ended')
      expect(ended).toMatchObject({ outcome: 'failed', label: row.label })
    } else {
      expect(firstFailure).toMatchObject({ label: row.label })
      if (row.rescuer === 'other') {
        expect(reading).toMatchObject({ status: 200, ending: 'complete', said: GOOD })
        expect(reading.headers.get('x-sparekey-credential')).toBe('tok-b')
      } else {
        expect(reading).toMatchObject({ status: row.status, ending: 'error' })
        expect(at.simulators[0]?.hits('tok-b')).toBe(0)
        expect(at.simulators[0]?.hits('tok-a')).toBe(1)
      }
    }
    expect(await benchesOf(at)).toEqual(row.benched ? [`tok-a ${row.label}`] : [])
  })

  if (row.afterOutput === true) return

  it('alone', async () => {
    // A throttle without a hint is waited out; here the caller's patience is shorter.
    const at = await fails(row, [], 900)
    const reading = await asked(at)
    expect(reading).toMatchObject({ status: row.status, ending: 'error' })
    expect(reading.error).toBeDefined()
    expect(reading.headers.get('x-sparekey-error')).toBe(row.label)
  })
})

describe('connection refused', () => {
  it.each(['responses', 'chat-completions', 'messages'] as const)(
    '%s: the next route answers; without one the caller is told',
    async (wire) => {
      const provider = wire === 'messages' ? 'anthropic' : 'openai'
      const dead = {
        provider,
        scenario: { name: 'dead', description: '', credentials: { 'tok-a': {} } },
        baseUrl: `http://127.0.0.1:${await refusedPort()}/v1`,
      } as const
      const next = {
        provider: 'openrouter',
        scenario: { name: 'next', description: '', credentials: { 'key-1': {} } },
      } as const
      for (const stream of [true, false]) {
        world = await startWorld({ sides: [dead, next], limits: LIMITS })
        const reading = await ask(world.gateway.url, wire, stream)
        expect(reading).toMatchObject({ status: 200, ending: 'complete', said: GOOD })
        expect(reading.headers.get('x-sparekey-fallback')).toBe('connection')
        expect((await world.store.snapshot()).benches).toEqual([])
        await world.close()
        world = await startWorld({ sides: [dead], limits: LIMITS })
        expect(await ask(world.gateway.url, wire, stream)).toMatchObject({ status: 502, ending: 'error' })
        await world.close()
      }
      world = undefined
    },
  )
})
