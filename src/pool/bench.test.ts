import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { benchOf, credentialOf, START } from '../../test/support/pool-fixtures.ts'
import { benchCovers, benchHolds, keyIsRefused, trialIsDue } from './bench.ts'
import { fingerprintOf } from './fingerprint.ts'

const credential = credentialOf()
const ends = { untilMs: START + 1 }

describe('a bench', () => {
  it('holds until exactly its end, for the key that failed', () => {
    expect(benchHolds(benchOf(ends), credential, START)).toBe(true)
    expect(benchHolds(benchOf(ends), credential, START + 1)).toBe(false)
    expect(benchHolds(benchOf(ends), credentialOf({ generation: 2 }), START)).toBe(false)
  })

  it('concerns its model, or every model', () => {
    expect(['m', 'n', undefined].map((model) => benchCovers(benchOf({ scope: 'm' }), model))).toEqual([
      true,
      false,
      false,
    ])
    expect(['m', undefined].map((model) => benchCovers(benchOf(), model))).toEqual([true, true])
  })

  it('may be tried from exactly its time on, unless the credential is dead', () => {
    expect([START - 1, START, START + 1].map((nowMs) => trialIsDue(benchOf(), nowMs))).toEqual([false, true, true])
    expect(trialIsDue(benchOf({ dead: true }), START)).toBe(false)
  })
})

describe('a refused key', () => {
  const refused = benchOf({ ...ends, reason: 'auth_expired' })

  it('is one with any bench about authentication that holds', () => {
    expect(keyIsRefused(credential, [refused], START)).toBe(true)
    expect(keyIsRefused(credential, [benchOf(), benchOf({ ...refused, reason: 'auth_revoked' })], START)).toBe(true)
  })

  it('is none without a bench, with another bench, with a newer key, or when it is over', () => {
    expect(keyIsRefused(credential, [], START)).toBe(false)
    expect(keyIsRefused(credential, [benchOf(), benchOf({ reason: 'billing' })], START)).toBe(false)
    expect(keyIsRefused(credentialOf({ generation: 2 }), [refused], START)).toBe(false)
    expect(keyIsRefused(credential, [refused], START + 1)).toBe(false)
  })
})

it('a fingerprint is short enough to show and tells secrets apart', () => {
  expect(fingerprintOf('sk-one')).toBe(createHash('sha256').update('sk-one').digest('hex').slice(0, 12))
  expect(fingerprintOf('sk-one')).not.toBe(fingerprintOf('sk-two'))
})
