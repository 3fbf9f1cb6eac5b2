import { expect, it } from 'vitest'
import { putNewest } from './newest.ts'

it('what was used longest ago goes first', () => {
  const entries = new Map<string, number>()
  for (const key of ['a', 'b', 'c']) putNewest(entries, key, 1, 3)
  expect([...entries.keys()]).toEqual(['a', 'b', 'c'])
  putNewest(entries, 'a', 2, 3)
  putNewest(entries, 'd', 3, 3)
  expect([...entries]).toEqual([
    ['c', 1],
    ['a', 2],
    ['d', 3],
  ])
})
