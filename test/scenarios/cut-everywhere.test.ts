import { describe, expect, it } from 'vitest'
import type { Network, NetworkAnswer } from '../../src/platform/network.ts'
import { systemPlatform } from '../../src/platform/platform.ts'
import { CredentialPool } from '../../src/pool/pool.ts'
import { PROVIDERS } from '../../src/providers/_registry.ts'
import { RetryBudget } from '../../src/recovery/budget.ts'
import { type Call, DEFAULT_LIMITS } from '../../src/relay/call.ts'
import { Relay } from '../../src/relay/relay.ts'
import { openStore } from '../../src/stores/open-store.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { readStream, requestBody } from '../support/client.ts'
import { goodStream } from '../support/recorded-streams.ts'
import { addCredential, HURRIED_POLICY } from '../support/world.ts'

/** A cut at every single byte of a stream: recovered in silence before the commit point, told once behind it, never taken for a success. */

const TERMINALS: Readonly<Record<WireName, string>> = {
  responses: '"type":"response.completed"',
  'chat-completions': '"finish_reason":"stop"',
  messages: '"type":"message_stop"',
}
const AT_ONCE = 200

/** The first answer stops at a byte, the next one is whole. */
function cutNetwork(bytes: Buffer, at: number, how: 'reset' | 'end'): Network & { readonly asked: () => number } {
  let asked = 0
  return {
    asked: () => asked,
    send(): Promise<NetworkAnswer> {
      asked += 1
      const first = asked === 1
      return Promise.resolve({
        status: 200,
        headers: [['content-type', 'text/event-stream']],
        body: (async function* () {
          await Promise.resolve()
          if (!first) yield bytes
          else if (at > 0) yield bytes.subarray(0, at)
          if (first && how === 'reset') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
        })(),
      })
    },
    close: () => Promise.resolve(),
  }
}

describe.each(Object.keys(TERMINALS) as WireName[])('a stream of %s', (wire) => {
  it.each(['reset', 'end'] as const)(
    'cut at every byte by a %s',
    async (how) => {
      const bytes = goodStream(wire)
      const whole = readStream(wire, bytes.toString('utf8'))
      expect(whole.ending).toBe('complete')
      const definition = PROVIDERS[wire === 'messages' ? 'anthropic' : 'openai']
      if (definition === undefined) throw new Error('no provider')
      const store = await openStore({ kind: 'memory' }, systemPlatform)
      await addCredential(store, definition, 'tok-a')
      await addCredential(store, definition, 'tok-b')
      const pool = new CredentialPool({ store, platform: systemPlatform, strategyFor: () => 'fill_first' })
      let recovered = 0
      let told = 0
      const terminalAt = bytes.indexOf('\n', bytes.indexOf(TERMINALS[wire]))

      const callCutAt = async (at: number) => {
        const network = cutNetwork(bytes, at, how)
        const relay = new Relay({
          pool,
          network,
          platform: systemPlatform,
          policy: HURRIED_POLICY,
          limits: DEFAULT_LIMITS,
          budget: new RetryBudget(),
          emit: () => {},
        })
        const body = requestBody(wire, true)
        const call: Call = {
          id: `call_${at}`,
          wire,
          model: 'gpt-5.5',
          stream: true,
          headers: [],
          bytes: Buffer.from(JSON.stringify(body)),
          body,
          signal: new AbortController().signal,
          query: '',
          chain: [
            {
              provider: definition.id,
              model: 'gpt-5.5',
              definition,
              baseUrl: 'http://upstream.invalid/v1',
              headers: [],
              wires: definition.wires,
            },
          ],
          client: 'other',
        }
        const answer = await relay.answer(call)
        const parts: Uint8Array[] = []
        for await (const part of answer.body) parts.push(part)
        const out = Buffer.concat(parts)
        const { outcome, failure } = await answer.ended
        const read = readStream(wire, out.toString('utf8'))
        const where = `cut at ${at} of ${bytes.length} by ${how}`
        if (network.asked() === 2) {
          recovered += 1
          expect(out.equals(bytes), where).toBe(true)
          expect(outcome, where).toBe('answered')
        } else if (outcome === 'answered') {
          // Only when the terminal event had come whole: what the client has is what the provider sent.
          expect(at, where).toBeGreaterThanOrEqual(terminalAt)
          expect(read.error, where).toBeUndefined()
          expect(bytes.subarray(0, out.length).equals(out), where).toBe(true)
        } else {
          told += 1
          expect(outcome, where).toBe('failed')
          expect(failure, where).toBeDefined()
          expect(read.error, where).toBeDefined()
          expect(read.ending, where).toBe('error')
          expect(whole.said.startsWith(read.said), where).toBe(true)
          expect(occurrences(out.toString('utf8'), ERROR_MARKS[wire]), where).toBe(1)
        }
      }
      for (let at = 0; at <= bytes.length; at += AT_ONCE)
        await Promise.all(
          Array.from({ length: Math.min(AT_ONCE, bytes.length + 1 - at) }, (_, index) => callCutAt(at + index)),
        )
      expect(recovered).toBeGreaterThan(50)
      expect(told).toBeGreaterThan(50)
      for (const { inFlight, benches } of await pool.describe(definition.id))
        expect({ inFlight, benches }).toEqual({ inFlight: 0, benches: [] })
      await pool.close()
      await store.close()
    },
    180_000,
  )
})

const ERROR_MARKS: Readonly<Record<WireName, string>> = {
  responses: 'event: response.failed',
  'chat-completions': 'data: {"error"',
  messages: 'event: error',
}

function occurrences(text: string, mark: string): number {
  return text.split(mark).length - 1
}
