import { describe, expect, it } from 'vitest'
import type { CallJournal, JournalBounds } from '../../src/telemetry/call-journal.ts'
import type { CallRecord } from '../../src/telemetry/call-record.ts'

export interface JournalUnderTest {
  open(bounds?: JournalBounds): Promise<CallJournal>
  /** A second connection to the same data, as another process has it. Absent when it lives in one process. */
  openAgain?(): Promise<CallJournal>
}

const NOW = 1_767_225_600_000

export function callRecord(name: string, given: Partial<CallRecord> = {}): CallRecord {
  return {
    id: `call_${name}`,
    startedAtMs: NOW,
    endedAtMs: NOW + 40,
    outcome: 'answered',
    wire: 'responses',
    model: 'gpt-5.5',
    stream: false,
    route: 'openai-codex/gpt-5.5',
    attempts: [
      {
        attempt: 1,
        startedAtMs: NOW + 1,
        provider: 'openai-codex',
        model: 'gpt-5.5',
        credentialId: 'cred_a',
        credential: 'alice — "quoted"',
        trial: false,
        outcome: 'answered',
        durationMs: 38.5,
      },
    ],
    decisions: [],
    ...given,
  }
}

const ids = (calls: readonly CallRecord[]) => calls.map(({ id }) => id.replace('call_', ''))

/** Every journal passes this. */
export function callJournalContract(name: string, make: () => Promise<JournalUnderTest>): void {
  describe(`call journal contract: ${name}`, () => {
    it('gives back what was written, the latest first', async () => {
      const journal = await (await make()).open()
      const records = [3, 1, 2].map((at) => callRecord(`n${at}`, { startedAtMs: NOW + at }))
      journal.write(records, NOW)
      expect(journal.latest({ limit: 9 })).toEqual([records[0], records[2], records[1]])
      expect(ids(journal.latest({ limit: 2 }))).toEqual(['n3', 'n2'])
      journal.close()
    })

    it('replaces a call that is written again', async () => {
      const journal = await (await make()).open()
      journal.write([callRecord('a', { outcome: 'running' }), callRecord('b')], NOW)
      journal.write([callRecord('a', { outcome: 'failed', label: 'timeout' })], NOW)
      expect(journal.latest({ limit: 9 })).toHaveLength(2)
      expect(journal.startingWith('a', 9)).toMatchObject([{ outcome: 'failed', label: 'timeout' }])
      journal.close()
    })

    it('finds by the beginning of an id, and no sign means anything else', async () => {
      const journal = await (await make()).open()
      journal.write([callRecord('abc'), callRecord('abd', { startedAtMs: NOW + 1 }), callRecord('b')], NOW)
      expect(ids(journal.startingWith('call_ab', 9))).toEqual(['abd', 'abc'])
      expect(ids(journal.startingWith('abc', 9))).toEqual(['abc'])
      for (const none of ['%', '_', 'a_c', "'", 'call_x', 'bc']) expect(journal.startingWith(none, 9)).toEqual([])
      expect(journal.startingWith('', 2)).toHaveLength(2)
      journal.close()
    })

    it('shows the failed ones only, when asked', async () => {
      const journal = await (await make()).open()
      journal.write([callRecord('a'), callRecord('b', { outcome: 'failed' }), callRecord('c')], NOW)
      expect(ids(journal.latest({ limit: 1, failedOnly: true }))).toEqual(['b'])
      expect(ids(journal.endedSince(0, { limit: 9, failedOnly: true }).calls)).toEqual(['b'])
      journal.close()
    })

    it('can be followed: each call once, when it has ended, in parts', async () => {
      const under = await make()
      const journal = await under.open()
      const reader = (await under.openAgain?.()) ?? journal
      journal.write([callRecord('old')], NOW)
      let place = reader.end()
      const next = (limit = 9) => {
        const read = reader.endedSince(place, { limit })
        place = read.place
        return ids(read.calls)
      }
      expect(next()).toEqual([])
      journal.write([callRecord('a', { outcome: 'running' }), callRecord('b')], NOW)
      expect(next()).toEqual(['b'])
      journal.write([callRecord('c'), callRecord('a'), callRecord('d')], NOW)
      expect(next(2)).toEqual(['c', 'a'])
      expect(next(2)).toEqual(['d'])
      expect(next()).toEqual([])
      if (reader !== journal) reader.close()
      journal.close()
    })

    it('keeps the newest only, and nothing too old', async () => {
      const journal = await (await make()).open({ calls: 5, ageMs: 1_000 })
      for (let round = 0; round < 8; round += 1)
        journal.write(
          [0, 1].map((each) => callRecord(`${round}-${each}`, { startedAtMs: NOW + round * 10 + each })),
          NOW + round * 10,
        )
      const kept = ids(journal.latest({ limit: 99 }))
      expect(kept[0]).toBe('7-1')
      expect(kept.length).toBeLessThanOrEqual(10)
      journal.write(
        [0, 1, 2, 3, 4].map((each) => callRecord(`late-${each}`, { startedAtMs: NOW + 5_000 })),
        NOW + 5_000,
      )
      expect(ids(journal.latest({ limit: 99 })).every((id) => id.startsWith('late-'))).toBe(true)
      journal.close()
    })
  })
}
