import { describe, expect, it } from 'vitest'
import { TelemetryBus } from './bus.ts'
import type { TelemetryEvent } from './events.ts'

const STARTED: TelemetryEvent = {
  type: 'call_started',
  callId: 'a',
  atMs: 0,
  wire: 'responses',
  model: 'm',
  stream: false,
}
const ENDED: TelemetryEvent = {
  type: 'call_ended',
  callId: 'a',
  atMs: 1,
  outcome: 'answered',
  attempts: [],
  durationMs: 1,
}

describe('the bus', () => {
  it('a throwing listener stops neither the call nor the others', () => {
    const troubles: string[] = []
    const bus = new TelemetryBus((message) => troubles.push(message))
    const seen: string[] = []
    bus.subscribe(() => {
      throw new TypeError('sk-secret-1234')
    })
    const stop = bus.on('call_started', (event) => seen.push(event.callId))
    bus.emit(STARTED)
    stop()
    bus.emit(STARTED)
    expect(seen).toEqual(['a'])
    expect(troubles).toEqual(['a listener threw: TypeError', 'a listener threw: TypeError'])
  })

  it('an async listener that rejects does not end the process', async () => {
    const troubles: string[] = []
    const bus = new TelemetryBus((message) => troubles.push(message))
    bus.subscribe(async () => {
      await Promise.resolve()
      throw new RangeError('later')
    })
    bus.on('call_started', async () => {
      await Promise.resolve()
      throw new SyntaxError('later')
    })
    bus.emit(STARTED)
    await expect.poll(() => troubles).toEqual(['a listener threw: RangeError', 'a listener threw: SyntaxError'])
  })

  it('survives a listener of its own troubles that throws', () => {
    const bus = new TelemetryBus(() => {
      throw new Error('this one too')
    })
    bus.subscribe(() => {
      throw new Error('first')
    })
    expect(() => bus.emit(STARTED)).not.toThrow()
  })

  it('hands on by type, in order, and counts each subscription by itself', () => {
    const bus = new TelemetryBus()
    const seen: string[] = []
    const listener = (event: TelemetryEvent) => void seen.push(`all ${event.type}`)
    const stop = bus.subscribe(listener)
    bus.subscribe(listener)
    bus.on('call_ended', ({ outcome }) => seen.push(outcome))
    bus.emit(ENDED)
    expect(seen).toEqual(['all call_ended', 'all call_ended', 'answered'])
    stop()
    stop()
    seen.length = 0
    bus.emit(STARTED)
    expect(seen).toEqual(['all call_started'])
  })

  it('may be changed from inside a listener', () => {
    const bus = new TelemetryBus()
    const seen: string[] = []
    const stop = bus.subscribe(() => {
      seen.push('first')
      stop()
      bus.subscribe(() => seen.push('second'))
    })
    bus.emit(STARTED)
    expect(seen).toEqual(['first'])
    bus.emit(STARTED)
    expect(seen).toEqual(['first', 'second'])
  })
})
