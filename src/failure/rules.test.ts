import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { classify } from './classify.ts'
import { FIXTURES, ownRules, readFixture, RULE_TABLES } from '../../test/support/rule-tables.ts'

const SEEN_AT_MS = Date.UTC(2026, 2, 1)

it('every folder of fixtures belongs to a table', () => {
  expect(readdirSync(FIXTURES).sort()).toEqual(Object.keys(RULE_TABLES).sort())
})

describe.each(Object.entries(RULE_TABLES))('rules of %s', (owner, rules) => {
  it.each(rules.map((rule) => [rule.seen, rule] as const))('%s is reached first by its fixture', (seen, rule) => {
    expect(seen.startsWith(`${owner}/`)).toBe(true)
    expect(existsSync(new URL(`${seen}.json`, FIXTURES))).toBe(true)
    const fixture = readFixture(seen)
    const failure = classify({ ...fixture.evidence, seenAtMs: SEEN_AT_MS }, ownRules(owner))
    expect(failure.rule).toBe(seen)
    if (rule.byDuration !== true) expect(failure.label).toBe(rule.is)
    if (fixture.retryAfterMs !== undefined) expect(failure.retryAfterMs).toBe(fixture.retryAfterMs)
    if (fixture.resetAt !== undefined) expect(failure.resetAt).toBe(fixture.resetAt)
    if (fixture.quotaGroup !== undefined) expect(failure.quotaGroup).toBe(fixture.quotaGroup)
  })

  it('is written in lower case, as words are compared', () => {
    for (const { code, type, param, thrown } of rules) {
      const words = [code, type, param, thrown].flatMap((each) => (each instanceof RegExp ? [] : (each ?? [])))
      for (const word of words) expect(word).toBe(word.toLowerCase())
    }
  })

  it('has no row twice and no fixture without a row', () => {
    const names = rules.map(({ seen }) => seen)
    expect(new Set(names).size).toBe(names.length)
    const files = readdirSync(new URL(`${owner}/`, FIXTURES)).map((file) => `${owner}/${file.replace(/\.json$/, '')}`)
    expect(files.filter((file) => !names.includes(file))).toEqual([])
  })
})
