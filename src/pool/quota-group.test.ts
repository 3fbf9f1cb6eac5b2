import { describe, expect, it } from 'vitest'
import { credentialOf, failureOf } from '../../test/support/pool-fixtures.ts'
import { FAILURE_LABELS } from '../failure/labels.ts'
import { groupOf } from './quota-group.ts'

const a = credentialOf({ id: 'a', quotaGroup: 'org' })
const b = credentialOf({ id: 'b', quotaGroup: 'org' })
const c = credentialOf({ id: 'c', accountId: 'acc' })
const d = credentialOf({ id: 'd', quotaGroup: 'other' })
const lone = credentialOf({ id: 'lone' })
const ALL = [a, b, c, d, lone]

describe('who shares an exhausted limit', () => {
  it.each(FAILURE_LABELS)('only limits are shared: %s', (label) => {
    const shared = label === 'rate_limit' || label === 'quota_exhausted' || label === 'billing'
    expect(groupOf(a, failureOf(label, 0), ALL)).toEqual(shared ? [b] : [])
  })

  it('the group that the provider named counts, by group or by account', () => {
    expect(groupOf(a, failureOf('rate_limit', 0, { quotaGroup: 'other' }), ALL)).toEqual([d])
    expect(groupOf(a, failureOf('rate_limit', 0, { quotaGroup: 'acc' }), ALL)).toEqual([c])
    expect(groupOf(a, failureOf('rate_limit', 0, { quotaGroup: 'nobody' }), ALL)).toEqual([])
  })

  it('those without a group share nothing', () => {
    expect(groupOf(lone, failureOf('rate_limit', 0), [...ALL, credentialOf({ id: 'lone2' })])).toEqual([])
  })
})
