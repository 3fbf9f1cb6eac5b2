import type { z } from 'zod'

/** Says in a few words what is wrong with a value. Never repeats the value: it may be a key. */
export function problemText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return CUSTOM.test(issue.message) ? issue.message : `must be ${TYPES[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return sized(issue) ?? (CUSTOM.test(issue.message) ? issue.message : `must be at least ${issue.minimum}`)
    case 'too_big':
      return issue.origin === 'number' ? `must be at most ${issue.maximum}` : 'is too long'
    case 'invalid_key':
      return issue.issues[0] === undefined ? 'is not a valid key' : problemText(issue.issues[0])
    case 'invalid_union':
      return 'discriminator' in issue && 'options' in issue && Array.isArray(issue.options)
        ? `must be one of ${issue.options.map(String).join(', ')}`
        : 'has the wrong form'
    default:
      return CUSTOM.test(issue.message) ? issue.message : 'has the wrong form'
  }
}

/** Our own sentences; the library's begin with a capital letter. */
const CUSTOM = /^[a-z]/

const TYPES: Readonly<Record<string, string>> = {
  record: 'keys and values',
  object: 'keys and values',
  array: 'a list',
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

function sized({ origin, minimum }: Extract<z.core.$ZodIssue, { code: 'too_small' }>): string | undefined {
  if (origin === 'array') return 'must not be an empty list'
  return origin === 'string' && Number(minimum) === 1 ? 'must not be empty' : undefined
}
