import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { secretBox } from './secret-box.ts'

const key = Buffer.alloc(32, 7)
const box = secretBox(key)

describe('secret box', () => {
  it('opens what it sealed, any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, place) => {
        expect(box.open(box.seal(text, place), place)).toEqual({ kind: 'opened', text })
      }),
    )
  })

  it('never seals twice alike', () => {
    expect(box.seal('a', 'p')).not.toEqual(box.seal('a', 'p'))
  })

  it('does not open in another place', () => {
    expect(box.open(box.seal('a', 'secret\ncred_a\n1'), 'secret\ncred_a\n2')).toEqual({ kind: 'damaged' })
  })

  it('tells another key from damage', () => {
    expect(secretBox(Buffer.alloc(32, 8)).open(box.seal('a', 'p'), 'p')).toEqual({ kind: 'wrong_key' })
    expect(box.open(new Uint8Array(), 'p')).toEqual({ kind: 'damaged' })
  })

  it('notices every changed byte', () => {
    const sealed = box.seal('secret', 'p')
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Uint8Array.from(sealed)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(box.open(changed, 'p').kind).not.toBe('opened')
    }
  })

  it('takes keys of 32 bytes only', () => {
    expect(() => secretBox(Buffer.alloc(16))).toThrow(RangeError)
  })
})
