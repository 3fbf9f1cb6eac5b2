import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { anthropicRules } from '../providers/anthropic.rules.ts'
import { openAiRules } from '../providers/openai.rules.ts'
import { openAiCodexRules } from '../providers/openai-codex.rules.ts'
import { openRouterRules } from '../providers/openrouter.rules.ts'
import { classify } from './classify.ts'
import type { Evidence } from './evidence.ts'
import type { Rule } from './rule.ts'
import { COMMON_RULES } from './rules.ts'

interface Fixture {
  readonly evidence: Omit<Evidence, 'seenAtMs'>
  readonly retryAfterMs?: number
  readonly resetAt?: number
  readonly quotaGroup?: string
}

const FIXTURES = new URL('../../test/fixtures/', import.meta.url)
const TABLES: Readonly<Record<string, readonly Rule[]>> = {
  'openai-codex': openAiCodexRules,
  openai: openAiRules,
  anthropic: anthropicRules,
  openrouter: openRouterRules,
  common: COMMON_RULES,
}
const SEEN_AT_MS = Date.UTC(2026, 2, 1)

function read(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FIXTURES), 'utf8')) as Fixture
}

describe.each(Object.entries(TABLES))('rules of %s', (owner, rules) => {
  it.each(rules.map((rule) => [rule.seen, rule] as const))('%s is reached first by its fixture', (seen, rule) => {
    expect(seen.startsWith(`${owner}/`)).toBe(true)
    expect(existsSync(new URL(`${seen}.json`, FIXTURES))).toBe(true)
    const fixture = read(seen)
    const failure = classify({ ...fixture.evidence, seenAtMs: SEEN_AT_MS }, owner === 'common' ? [] : rules)
    expect(failure.rule).toBe(seen)
    if (rule.byDuration !== true) expect(failure.label).toBe(rule.is)
    if (fixture.retryAfterMs !== undefined) expect(failure.retryAfterMs).toBe(fixture.retryAfterMs)
    if (fixture.resetAt !== undefined) expect(failure.resetAt).toBe(fixture.resetAt)
    if (fixture.quotaGroup !== undefined) expect(failure.quotaGroup).toBe(fixture.quotaGroup)
  })

  it('has no row twice and no fixture without a row', () => {
    const names = rules.map(({ seen }) => seen)
    expect(new Set(names).size).toBe(names.length)
    const files = readdirSync(new URL(`${owner}/`, FIXTURES)).map((file) => `${owner}/${file.replace(/\.json$/, '')}`)
    expect(files.filter((file) => !names.includes(file))).toEqual([])
  })
})
