import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { MemoryCallJournal } from '../stores/call-journal-memory.ts'
import { CallRecorder } from './call-recorder.ts'
import type { TelemetryEvent } from './events.ts'

const SECRET = 'planted-secret-1234567890'
const who = { provider: 'openai-codex', credentialId: 'cred_a', credentialLabel: 'alice' }

function recorder(full?: () => boolean, error: Error = new Error('the disk is full')) {
  const platform = manualPlatform()
  const journal = new MemoryCallJournal()
  const troubles: string[] = []
  const write = journal.write.bind(journal)
  let writes = 0
  journal.write = (records, nowMs) => {
    writes += 1
    if (full?.() === true) throw error
    write(records, nowMs)
  }
  const made = new CallRecorder({
    journal,
    platform,
    redact: (text) => text.replaceAll(SECRET, '[redacted]'),
    onTrouble: (message) => troubles.push(message),
  })
  const at = () => platform.clock.now()
  const tell = (event: Record<string, unknown>) => made.take({ atMs: at(), ...event } as unknown as TelemetryEvent)
  const begin = (callId: string) =>
    tell({ type: 'call_started', callId, wire: 'responses', model: 'gpt-5.5', stream: true, client: 'codex' })
  const end = (callId: string, more: object = {}) =>
    tell({ type: 'call_ended', callId, outcome: 'answered', attempts: [], durationMs: 1, ...more })
  return { made, journal, platform, troubles, tell, begin, end, writes: () => writes }
}

describe('CallRecorder', () => {
  it('tells the whole story, with why, what was decided after each attempt, and what it cost', () => {
    const { journal, platform, tell, begin, end } = recorder()
    const attempt = (number: number, label: string) => ({
      callId: 'call_1',
      attempt: number,
      ...who,
      credentialLabel: label,
    })
    const why = { because: 'first in order', others: [{ label: 'bob', standing: 'ready, later in order' }] }
    begin('call_1')
    tell({ type: 'attempt_started', ...attempt(1, 'alice'), model: 'gpt-5.5', trial: true, why })
    tell({
      type: 'attempt_failed',
      ...attempt(1, 'alice'),
      label: 'quota_exhausted',
      rule: 'r',
      status: 200,
      message: 'm',
      durationMs: 5,
      benchedUntilMs: 9,
    })
    tell({ type: 'decided', callId: 'call_1', attempt: 1, action: 'rotate', reason: 'one is ready', delayMs: 7 })
    tell({ type: 'attempt_started', ...attempt(2, 'bob'), model: 'gpt-5.5', trial: false })
    tell({ type: 'attempt_succeeded', ...attempt(2, 'bob'), durationMs: 6, timeToFirstOutputMs: 4 })
    end('call_1', { fallbackReason: 'billing' })
    platform.advance(200)
    expect(journal.latest({ limit: 9 })).toMatchObject([
      {
        id: 'call_1',
        outcome: 'answered',
        client: 'codex',
        route: 'openai-codex/gpt-5.5',
        fallbackReason: 'billing',
        attempts: [
          { credential: 'alice', trial: true, why, outcome: 'failed', status: 200, durationMs: 5, benchedUntilMs: 9 },
          { credential: 'bob', trial: false, outcome: 'answered', durationMs: 6, timeToFirstOutputMs: 4 },
        ],
        decisions: [{ afterAttempt: 1, action: 'rotate', reason: 'one is ready', delayMs: 7 }],
      },
    ])
  })

  it('writes in one batch after 200 ms, not before, and what runs longer is seen running', () => {
    const { journal, platform, begin, end, writes } = recorder()
    for (let call = 0; call < 50; call += 1) {
      begin(`call_${call}`)
      if (call > 0) end(`call_${call}`)
    }
    platform.advance(199)
    expect(writes()).toBe(0)
    platform.advance(1)
    expect(writes()).toBe(1)
    expect(journal.latest({ limit: 99 })).toHaveLength(50)
    expect(journal.startingWith('call_0', 9)).toMatchObject([{ outcome: 'running' }])
    platform.advance(10_000)
    expect(writes()).toBe(1)
    end('call_0')
    platform.advance(200)
    expect(journal.startingWith('call_0', 9)).toMatchObject([{ outcome: 'answered' }])
    expect(platform.waiting()).toBe(0)
  })

  it('an attempt that the caller cut short is told by the end of the call', () => {
    const { made, journal, tell, begin, end } = recorder()
    begin('call_1')
    tell({ type: 'attempt_started', callId: 'call_1', attempt: 1, ...who, model: 'm', trial: false })
    end('call_1', { outcome: 'cancelled', attempts: [{ outcome: 'cancelled', label: 'cancelled', durationMs: 3 }] })
    made.close()
    expect(journal.latest({ limit: 1 })).toMatchObject([
      { outcome: 'cancelled', attempts: [{ outcome: 'cancelled', durationMs: 3 }] },
    ])
  })

  it('a full disk costs no call: tried again, told once, and once more when it works again', () => {
    let full = true
    const { journal, platform, troubles, begin, end } = recorder(() => full)
    for (let call = 0; call < 3; call += 1) {
      begin(`call_${call}`)
      end(`call_${call}`)
      platform.advance(200)
    }
    expect(troubles).toEqual(['calls are not recorded: the disk is full'])
    full = false
    begin('call_3')
    end('call_3')
    platform.advance(200)
    expect(journal.latest({ limit: 9 })).toHaveLength(4)
    expect(troubles).toEqual(['calls are not recorded: the disk is full', 'calls are recorded again; 0 were not'])
  })

  it('another process that writes just now is no trouble: tried again without a further call, told only when it lasts', () => {
    let locked = true
    const { journal, platform, troubles, begin, end } = recorder(
      () => locked,
      Object.assign(new Error('locked for more than 5 s'), { code: 'locked' }),
    )
    begin('call_1')
    end('call_1')
    platform.advance(200)
    locked = false
    platform.advance(200)
    expect(journal.latest({ limit: 9 })).toHaveLength(1)
    expect(platform.waiting()).toBe(0)
    locked = true
    begin('call_2')
    end('call_2')
    platform.advance(4_900)
    expect(troubles).toEqual([])
    platform.advance(500)
    expect(troubles).toEqual(['calls are not recorded: locked for more than 5 s'])
    locked = false
    platform.advance(200)
    expect(troubles).toHaveLength(2)
    expect(journal.latest({ limit: 9 })).toHaveLength(2)
  })

  it('keeps a bounded number while nothing can be written, the newest, and counts the rest', () => {
    let full = true
    const { made, journal, begin, end } = recorder(() => full)
    for (let call = 0; call < 6_000; call += 1) {
      begin(`call_${call}`)
      end(`call_${call}`)
    }
    made.flush()
    expect(made.dropped).toBe(1_000)
    full = false
    made.close()
    expect(journal.latest({ limit: 9_999 })).toHaveLength(5_000)
    expect(journal.startingWith('call_5999', 1)).toHaveLength(1)
  })

  it('calls that never end do not fill the memory', () => {
    const { made, begin } = recorder()
    for (let call = 0; call < 10_005; call += 1) begin(`call_${call}`)
    expect(made.dropped).toBe(5)
  })

  it('keeps no secret, and no text of any length', () => {
    const { made, journal, tell, begin, end } = recorder()
    begin('call_1')
    const others = Array.from({ length: 99 }, () => ({ label: SECRET, standing: SECRET }))
    const names = { provider: SECRET, credentialId: 'cred_a', credentialLabel: `label ${SECRET}` }
    const attempt = { callId: 'call_1', attempt: 1, ...names }
    tell({ type: 'attempt_started', ...attempt, model: SECRET, trial: false, why: { because: SECRET, others } })
    const message = `${'x'.repeat(290)}${SECRET}${'y'.repeat(90_000)}`
    tell({ type: 'attempt_failed', ...attempt, label: 'unknown', rule: SECRET, message, durationMs: 1 })
    tell({ type: 'decided', callId: 'call_1', attempt: 1, action: 'surface', reason: SECRET })
    end('call_1', { outcome: 'failed', fallbackReason: SECRET })
    made.close()
    const text = JSON.stringify(journal.latest({ limit: 1 }))
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain('planted')
    expect(text.length).toBeLessThan(3_000)
  })
})
