import { describe, expect, it } from 'vitest'
import type { TelemetryEvent } from './events.ts'
import { createLog } from './log.ts'
import { Redactor } from './redact.ts'

const attempt = {
  provider: 'openai',
  model: 'gpt-5.5',
  credentialId: 'c1',
  credential: 'work',
  outcome: 'failed',
  label: 'quota_exhausted',
  rule: 'openai-codex/429-usage-limit',
  status: 429,
  durationMs: 12,
  action: 'rotate',
} as const

const ended = {
  type: 'call_ended',
  callId: 'call_1',
  atMs: Date.UTC(2026, 10, 24, 3, 0, 0),
  outcome: 'answered',
  attempts: [attempt, { ...attempt, credential: 'home', outcome: 'answered' }],
  durationMs: 345,
} as const satisfies TelemetryEvent

function memory() {
  const lines: string[] = []
  return { lines, destination: { write: (line: string) => void lines.push(line) } }
}

describe('the log', () => {
  it('is one JSON line for each ended call, with all its attempts', () => {
    const { lines, destination } = memory()
    const { listener } = createLog({ destination, redactor: new Redactor() })
    listener({ type: 'call_started', callId: 'call_1', atMs: 0, wire: 'messages', model: 'm', stream: true })
    listener(ended)
    expect(lines).toHaveLength(1)
    expect(lines[0]?.endsWith('}\n')).toBe(true)
    const { attempts, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>
    expect(rest).toEqual({
      level: 30,
      time: '2026-11-24T03:00:00.000Z',
      event: 'call',
      call: 'call_1',
      outcome: 'answered',
      durationMs: 345,
    })
    expect(attempts).toEqual([attempt, { ...attempt, credential: 'home', outcome: 'answered' }])
  })

  it('names the label of a call that failed', () => {
    const { lines, destination } = memory()
    createLog({ destination, redactor: new Redactor() }).listener({ ...ended, outcome: 'failed', label: 'billing' })
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ outcome: 'failed', label: 'billing' })
  })

  it('keeps a line one line, whatever is in it', () => {
    const { lines, destination } = memory()
    const log = createLog({ destination, redactor: new Redactor() })
    log.trouble('first\nsecond\r\n{"level":60}')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.trimEnd()).not.toMatch(/[\r\n]/)
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 40,
      event: 'trouble',
      message: 'first\nsecond\r\n{"level":60}',
    })
  })

  it('shows no secret: known, shaped like one, or in a field for one', () => {
    const { lines, destination } = memory()
    const redactor = new Redactor(['planted-secret-123'])
    const log = createLog({ destination, redactor })
    log.trouble(`the store said planted-secret-123 and ${Buffer.from('planted-secret-123').toString('base64')}`)
    log.trouble('Incorrect API key sk-proj-abcdefgh12345678')
    log.listener({ ...ended, attempts: [{ ...attempt, credential: 'planted-secret-123' }] })
    // Known only from now on, and masked from now on.
    redactor.add('a later secret')
    log.trouble('a later secret')
    expect(lines).toHaveLength(4)
    expect(lines.join('')).not.toMatch(/planted|cGxhbnRlZ|sk-proj|later/)
    expect(JSON.parse(lines[2] ?? '')).toMatchObject({ attempts: [{ credential: '[redacted]' }] })
  })

  it('is silent when told so', () => {
    const { lines, destination } = memory()
    const log = createLog({ destination, redactor: new Redactor(), level: 'silent' })
    log.trouble('x')
    log.listener(ended)
    expect(lines).toEqual([])
  })

  it.each(['EPIPE', 'ENOSPC', 'ERR_STREAM_DESTROYED'])(
    'loses lines and no calls when writing fails with %s',
    (code) => {
      let full = true
      const lines: string[] = []
      const log = createLog({
        destination: {
          write: (line) => {
            if (full) throw Object.assign(new Error(code), { code })
            lines.push(line)
          },
        },
        redactor: new Redactor(),
      })
      expect(() => log.trouble('x')).not.toThrow()
      expect(() => log.listener(ended)).not.toThrow()
      full = false
      log.listener(ended)
      expect(lines).toHaveLength(1)
    },
  )

  it('writes a trouble at once, where lines are gathered, and calls when they come', () => {
    const { lines, destination } = memory()
    let flushes = 0
    const { listener, trouble } = createLog({
      destination: { ...destination, flush: () => (flushes += lines.length) },
      redactor: new Redactor(),
    })
    listener(ended)
    expect(flushes).toBe(0)
    trouble('the disk is full')
    expect(flushes).toBe(2)
  })
})
