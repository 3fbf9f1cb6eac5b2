import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TelemetryBus } from './bus.ts'
import { createLog } from './log.ts'
import { Redactor } from './redact.ts'

const secret = fc
  .stringMatching(/^[A-Za-z0-9+/=_.~!"\\ -]{12,60}$/)
  .filter((text) => text.trim() === text && !'[redacted]'.includes(text))

describe('I12 no secret appears in anything that is written', () => {
  it('a known secret never survives, in any text, field or encoding', () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (planted, before, after) => {
        const redactor = new Redactor()
        redactor.add(planted)
        const forms = [
          planted,
          encodeURIComponent(planted),
          Buffer.from(planted).toString('base64'),
          Buffer.from(planted).toString('base64url'),
        ]
        const texts = forms.map((form) => redactor.text(`${before} ${form} ${after}`))
        const data = JSON.stringify(
          redactor.data({
            [planted]: [planted, { deep: `x${planted}y`, authorization: planted }],
            error: new Error(planted),
          }),
        )
        for (const text of [...texts, data]) {
          expect(text).not.toContain(planted)
          expect(text).not.toContain(JSON.stringify(planted).slice(1, -1))
        }
      }),
    )
  })

  it.each([
    'sk-proj-abcdef1234567890abcdef',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
    'AIzaSyA1234567890abcdefghijk',
    'ghp_abcdefghij0123456789',
  ])('an unknown secret of a known shape: %s', (shape) => {
    expect(new Redactor().text(`Incorrect key ${shape}.`)).toBe('Incorrect key [redacted].')
  })

  it.each([
    ['Authorization: Bearer abcdefgh12345', 'Authorization: Bearer [redacted]'],
    ['https://x/v1?key=abcdef123456&b=1', 'https://x/v1?key=[redacted]&b=1'],
    ['postgres://user:hunter22@host/db', 'postgres://user:[redacted]@host/db'],
    ['{"access_token":"abc123def456"}', '{"access_token":"[redacted]"}'],
  ])('%s', (text, clean) => {
    expect(new Redactor().text(text)).toBe(clean)
  })

  it('leaves ordinary words alone', () => {
    const text = 'usage_limit_reached for gpt-5.5: 3 tokens left; key rotation; call_abc123'
    expect(new Redactor().text(text)).toBe(text)
  })

  it('is what the log writes through', () => {
    const redactor = new Redactor()
    redactor.add('planted-secret-123')
    const lines: string[] = []
    const log = createLog({ destination: { write: (line) => lines.push(line) }, redactor })
    log.trouble('the store said planted-secret-123')
    const attempt = {
      provider: 'openai',
      model: 'm',
      credentialId: 'c',
      credential: 'planted-secret-123',
      outcome: 'failed',
      durationMs: 1,
    } as const
    log.listener({
      type: 'call_ended',
      callId: 'call_1',
      atMs: 0,
      outcome: 'failed',
      label: 'billing',
      attempts: [attempt],
      durationMs: 5,
    })
    expect(lines).toHaveLength(2)
    expect(lines.join('')).not.toContain('planted-secret')
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({
      event: 'call',
      outcome: 'failed',
      label: 'billing',
      attempts: [{ credential: '[redacted]' }],
    })
  })

  it('a log that cannot be written harms nobody', () => {
    const log = createLog({
      destination: {
        write: () => {
          throw new Error('EPIPE')
        },
      },
      redactor: new Redactor(),
    })
    expect(() => log.trouble('x')).not.toThrow()
  })
})

describe('bus', () => {
  it('a throwing listener stops neither the call nor the others', () => {
    const troubles: string[] = []
    const bus = new TelemetryBus((message) => troubles.push(message))
    const seen: string[] = []
    bus.subscribe(() => {
      throw new TypeError('mine')
    })
    const stop = bus.on('call_started', (event) => seen.push(event.callId))
    const event = { type: 'call_started', callId: 'a', atMs: 0, wire: 'responses', model: 'm', stream: false } as const
    bus.emit(event)
    stop()
    bus.emit(event)
    expect(seen).toEqual(['a'])
    expect(troubles).toEqual(['a listener threw: TypeError', 'a listener threw: TypeError'])
  })
})
