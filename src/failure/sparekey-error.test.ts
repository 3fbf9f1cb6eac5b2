import { describe, expect, it } from 'vitest'
import { SparekeyConfigError } from '../config/config-error.ts'
import { GatewayStartError } from '../gateway/options.ts'
import { StoreError } from '../pool/store-contract.ts'
import { FAILURE_LABELS } from './labels.ts'
import { SparekeyError } from './sparekey-error.ts'

describe('SparekeyError', () => {
  it('is an error with a stable code, and without a call it knows of none', () => {
    const cause = new Error('below')
    const error = new SparekeyError({ code: 'package_missing', message: 'install it', hint: 'npm install it', cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'SparekeyError', code: 'package_missing', hint: 'npm install it', cause })
    expect([error.label, error.blame, error.retryAfterMs, error.status, error.failure, error.attempts]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      [],
    ])
    expect('cause' in new SparekeyError({ code: 'x', message: '' })).toBe(false)
  })

  it.each(FAILURE_LABELS)('%s knows whom to blame', (label) => {
    expect(new SparekeyError({ code: label, message: '', label }).blame).toBeDefined()
  })

  it.each([
    ['StoreError', new StoreError('locked', 'busy'), 'locked'],
    ['GatewayStartError', new GatewayStartError('address_in_use', 'taken'), 'address_in_use'],
    ['SparekeyConfigError', new SparekeyConfigError([{ where: 'a', key: 'b', message: 'wrong' }]), 'config_invalid'],
  ])('%s is one', (name, error, code) => {
    expect(error).toBeInstanceOf(SparekeyError)
    expect(SparekeyError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ name, code })
  })

  it('is known over the borders of copies of the package, and nothing else is', async () => {
    const copy = (await import(`${'./sparekey-error.ts'}?copy`)) as { SparekeyError: typeof SparekeyError }
    const theirs = new copy.SparekeyError({ code: 'locked', message: 'busy' })
    expect(theirs).not.toBeInstanceOf(SparekeyError)
    expect(SparekeyError.isInstance(theirs)).toBe(true)
    for (const other of [undefined, null, 'text', {}, new Error('x'), { [Symbol.for('sparekey.error')]: 'yes' }])
      expect(SparekeyError.isInstance(other)).toBe(false)
  })
})
