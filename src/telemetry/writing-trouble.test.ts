import { describe, expect, it } from 'vitest'
import { manualPlatform } from '../../test/support/manual-platform.ts'
import { LASTING_LOCK_MS, WritingTrouble } from './writing-trouble.ts'

const LOCKED = Object.assign(new Error('held by another process'), { code: 'locked' })
const FULL = Object.assign(new Error('no room'), { code: 'full' })

function writing() {
  const platform = manualPlatform()
  const told: string[] = []
  const tell = (message: string) => told.push(message)
  const settings = { clock: platform.clock, tell, broken: 'not kept', mended: () => 'kept again' }
  return { platform, told, trouble: new WritingTrouble(settings) }
}

describe('something that cannot be written', () => {
  it('is told once, and once when it is over', () => {
    const { told, trouble } = writing()
    expect([trouble.failed(FULL), trouble.failed(FULL)]).toEqual(['other', 'other'])
    expect(told).toEqual(['not kept: no room'])
    trouble.worked()
    trouble.worked()
    expect(told).toEqual(['not kept: no room', 'kept again'])
    trouble.failed('a value that is no error')
    expect(told.at(-1)).toBe('not kept: unknown')
  })

  it('is no trouble while others hold a lock for a moment', () => {
    const { platform, told, trouble } = writing()
    trouble.failed(LOCKED)
    platform.advance(LASTING_LOCK_MS - 1)
    expect(trouble.failed(LOCKED)).toBe('brief_lock')
    trouble.worked()
    expect(trouble.failed(LOCKED)).toBe('brief_lock')
    expect(told).toEqual([])
    platform.advance(LASTING_LOCK_MS)
    expect([trouble.failed(LOCKED), trouble.failed(LOCKED)]).toEqual(['lasting_lock', 'lasting_lock'])
    expect(told).toEqual(['not kept: held by another process'])
  })
})
