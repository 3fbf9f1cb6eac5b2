import { expect, it } from 'vitest'
import { usageWindow } from './usage-window.ts'
import { windowName } from './window-name.ts'

it.each([
  [60 * 1e308, undefined, undefined],
  [401 * 1440, undefined, undefined],
  [0, undefined, undefined],
  [299, 299, '5h'],
  [10_080, 10_080, '7d'],
])('a window of %d minutes is told as %s', (minutes, windowMinutes, name) => {
  expect(usageWindow({ name: 'x', usedPercent: 5, windowMinutes: minutes }, 0)?.windowMinutes).toBe(windowMinutes)
  expect(windowName(minutes)).toBe(name)
})

it('a share that overflows is a large one, not an infinite one', () => {
  expect(usageWindow({ name: 'x', limit: 1, used: 1e308, reset: 1 }, 0)?.usedPercent).toBe(10_000)
  expect(usageWindow({ name: 'x', limit: 200, used: 50 }, 0)?.usedPercent).toBe(25)
  expect(usageWindow({ name: 'x', limit: 200, remaining: 50 }, 0)?.usedPercent).toBe(75)
})
