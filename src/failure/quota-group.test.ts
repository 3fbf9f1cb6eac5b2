import { expect, it } from 'vitest'
import type { FailureLabel } from './labels.ts'
import type { Layer } from './layers.ts'
import { quotaGroupOf } from './quota-group.ts'

const LAYER: Layer = {
  codes: [],
  types: [],
  params: [],
  statuses: [],
  text: '',
  message: '',
  thrown: [],
  shape: 'json',
  foreign: false,
}

function group(change: Partial<Layer>, headers: Record<string, string> = {}, label: FailureLabel = 'rate_limit') {
  return quotaGroupOf(label, [LAYER, { ...LAYER, ...change }], headers)
}

const consumer = (value: unknown) => ({ details: [{}, { metadata: { consumer: value } }] })

it.each<readonly [Partial<Layer>, Record<string, string>, string | undefined]>([
  [{ message: 'Limit for gpt in organization org-AbC1 on tokens' }, {}, 'organization:org-AbC1'],
  [{ message: 'Limit in organization `org_01abc` service tier' }, {}, 'organization:org_01abc'],
  [{ message: 'in organization org-AbC1 in project proj_9xyz' }, {}, 'project:proj_9xyz'],
  [{ message: 'in project `proj-9xyz`' }, {}, 'project:proj-9xyz'],
  [{ message: 'Too many requests for team 1234-abcd and model grok' }, {}, 'team:1234-abcd'],
  [{ message: 'for team 123 and model grok' }, {}, undefined],
  [{ message: 'for team 1234 alone' }, {}, undefined],
  [{ message: 'in organization acme' }, {}, undefined],
  [{ object: consumer('projects/12345') }, {}, 'project:12345'],
  [{ object: consumer('projects/12345/more') }, {}, undefined],
  [{ object: consumer('x/projects/12345') }, {}, undefined],
  [{ object: consumer(7) }, {}, undefined],
  [{ object: { details: {} } }, {}, undefined],
  [{ object: { details: [null, 'x', { metadata: null }] } }, {}, undefined],
  [{}, { 'anthropic-organization-id': 'abcd-1234' }, 'organization:abcd-1234'],
  [{}, { 'anthropic-organization-id': 'abc' }, undefined],
  [{}, { 'anthropic-organization-id': 'abcd 1234' }, undefined],
  [{}, { 'anthropic-organization-id': ' abcd' }, undefined],
  [{ message: 'for team 1234-abcd and model x' }, { 'anthropic-organization-id': 'abcd-1234' }, 'team:1234-abcd'],
  [{}, {}, undefined],
])('%j with %j', (change, headers, expected) => {
  expect(group(change, headers)).toBe(expected)
})

it('is told of limits only', () => {
  const said = { message: 'in organization org-AbC1' }
  for (const label of ['rate_limit', 'quota_exhausted', 'billing'] as const)
    expect(group(said, {}, label)).toBe('organization:org-AbC1')
  for (const label of ['auth_revoked', 'overloaded', 'entitlement'] as const)
    expect(group(said, {}, label)).toBeUndefined()
})
