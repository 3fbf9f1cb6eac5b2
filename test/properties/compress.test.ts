import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compressConversation } from '../../src/wire/compress/compress-conversation.ts'
import { conversationSteps } from '../../src/wire/compress/conversation-steps.ts'
import { MESSAGE_FACTS } from '../../src/wire/compress/message-facts.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import type { WireName } from '../../src/wire/wire.ts'
import { conversations, told } from '../support/conversations.ts'

const WIRES: readonly WireName[] = ['responses', 'chat-completions', 'messages']

/** Calls that are there, and for each of them how often its result stands behind it. */
function pairs(wire: WireName, messages: readonly JsonObject[]) {
  const calls = new Map<string, number>()
  const orphans: string[] = []
  for (const message of messages) {
    const facts = MESSAGE_FACTS[wire](message)
    for (const id of facts.results) {
      const seen = calls.get(id)
      if (seen === undefined) orphans.push(id)
      else calls.set(id, seen + 1)
    }
    for (const id of facts.calls) calls.set(id, 0)
  }
  return { calls, orphans }
}

const summaries = fc.constantFrom<(() => Promise<string | undefined>) | undefined>(
  undefined,
  () => Promise.resolve('short'),
  () => Promise.resolve(undefined),
  () => Promise.resolve('  '),
)

describe.each(WIRES)('a compressed conversation of %s', (wire) => {
  it('keeps every pair whole, its newest steps word for word, and all instructions', async () => {
    await fc.assert(
      fc.asyncProperty(
        conversations,
        fc.nat(20_000),
        fc.integer({ min: 1, max: 6 }),
        summaries,
        async (happenings, characters, keepSteps, summarise) => {
          const messages = told(wire, happenings)
          const before = JSON.stringify(messages)
          const shorter = await compressConversation(messages, {
            wire,
            characters,
            keepSteps,
            ...(summarise === undefined ? {} : { summarise }),
          })
          expect(JSON.stringify(messages)).toBe(before)
          if (shorter === undefined) return
          const [was, is] = [pairs(wire, messages), pairs(wire, shorter)]
          // Nothing answers a call that is gone, and what is left of the calls has the answers that it had.
          expect(is.orphans).toEqual([])
          for (const [id, answers] of is.calls) expect(answers).toBe(was.calls.get(id))
          const newest = conversationSteps(wire, messages)
            .slice(-keepSteps)
            .flatMap((step) => step.messages)
          expect(shorter.slice(-newest.length)).toEqual(newest)
          const kept = (of: readonly JsonObject[]) =>
            of.filter((each) => MESSAGE_FACTS[wire](each).kind === 'instruction')
          expect(kept(shorter)).toEqual(kept(messages))
          const asked = (of: readonly JsonObject[]) => of.find((each) => MESSAGE_FACTS[wire](each).kind === 'user')
          if (summarise === undefined) expect(asked(shorter)).toEqual(asked(messages))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is taken apart into steps that are all of it, in its order', () => {
    fc.assert(
      fc.property(conversations, (happenings) => {
        const messages = told(wire, happenings)
        const steps = conversationSteps(wire, messages)
        expect(steps.flatMap((step) => step.messages)).toEqual(messages)
        for (const step of steps) {
          const { orphans } = pairs(wire, step.messages)
          expect(orphans).toEqual([])
        }
      }),
    )
  })
})
