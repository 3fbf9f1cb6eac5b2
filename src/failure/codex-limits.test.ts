import { describe, expect, it } from 'vitest'
import { codexModelIsFull, codexReset } from './codex-limits.ts'

const SEEN_AT_MS = 1_000_000
const MODEL = { 'x-codex-bengalfox-primary-used-percent': '100', 'x-codex-bengalfox-primary-reset-at': '5000' }

describe('the limit that refuses', () => {
  it.each([
    ['named after the model', { ...MODEL, 'x-codex-bengalfox-limit-name': ' GPT 5__Codex ' }, 'gpt-5-codex', true],
    ['named after another', { ...MODEL, 'x-codex-bengalfox-limit-name': 'gpt-6' }, 'gpt-5', false],
    ['without a space where the name has one', { ...MODEL, 'x-codex-bengalfox-limit-name': 'gpt 5' }, 'gpt5', false],
    ['in force', { ...MODEL, 'x-codex-active-limit': 'codex_bengalfox' }, undefined, true],
    ['another is in force', { ...MODEL, 'x-codex-active-limit': 'codex_other' }, undefined, false],
    ['of nobody, and no model is known', MODEL, undefined, false],
    [
      'not used up',
      { ...MODEL, 'x-codex-bengalfox-primary-used-percent': '99.9', 'x-codex-active-limit': 'codex-bengalfox' },
      'm',
      false,
    ],
    [
      'the account is full as well',
      { ...MODEL, 'x-codex-active-limit': 'codex-bengalfox', 'x-codex-secondary-used-percent': '100' },
      'm',
      false,
    ],
    [
      'only the account is full, and in force',
      { 'x-codex-primary-used-percent': '100', 'x-codex-active-limit': 'codex' },
      'm',
      false,
    ],
    [
      'a header with something before it',
      { 'a-x-codex-q-primary-used-percent': '100', 'x-codex-active-limit': 'codex-q' },
      'm',
      false,
    ],
    [
      'a header with something behind it',
      { 'x-codex-q-primary-used-percent-a': '100', 'x-codex-active-limit': 'codex-q' },
      'm',
      false,
    ],
    ['any other header at 100', { 'content-length': '100', 'x-codex-active-limit': 'codex-q' }, 'm', false],
  ] as const)('%s', (_name, headers, model, full) => {
    expect(codexModelIsFull(headers, model)).toBe(full)
  })
})

describe('when it ends', () => {
  const active = { ...MODEL, 'x-codex-active-limit': 'codex-bengalfox' }

  it.each([
    ['at a moment', active, 5_000_000],
    [
      'after seconds, which count before a moment',
      { ...active, 'x-codex-bengalfox-primary-reset-after-seconds': '60' },
      SEEN_AT_MS + 60_000,
    ],
    [
      'after a part of a second',
      { ...active, 'x-codex-bengalfox-primary-reset-after-seconds': ' 0.25 ' },
      SEEN_AT_MS + 250,
    ],
    ['not said', { ...active, 'x-codex-bengalfox-primary-reset-at': '' }, undefined],
    ['no number before', { ...active, 'x-codex-bengalfox-primary-reset-at': 'a1' }, undefined],
    ['no number behind', { ...active, 'x-codex-bengalfox-primary-reset-at': '1a' }, undefined],
    ['no number within', { ...active, 'x-codex-bengalfox-primary-reset-at': '1.a' }, undefined],
    ['of a limit that is not in force', MODEL, undefined],
    [
      'the later of two of the account, never the model',
      {
        ...active,
        'x-codex-primary-used-percent': '100',
        'x-codex-primary-reset-at': '2000',
        'x-codex-secondary-used-percent': '100',
        'x-codex-secondary-reset-at': '3000.55',
      },
      3_000_550,
    ],
  ] as const)('%s', (_name, headers, resetAt) => {
    expect(codexReset(headers, undefined, SEEN_AT_MS)).toBe(resetAt)
  })
})
