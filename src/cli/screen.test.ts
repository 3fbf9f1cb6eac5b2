import { expect, it } from 'vitest'
import { openPicture, type Screen } from './screen.ts'

function fakeScreen(rows: number) {
  const written: string[] = []
  const exits = new Set<() => void>()
  const screen: Screen = {
    columns: () => 80,
    rows: () => rows,
    write: (text) => void written.push(text),
    onResize: () => () => undefined,
    onExit: (listener) => {
      exits.add(listener)
      return () => exits.delete(listener)
    },
  }
  return { screen, written, exits }
}

it('a picture takes the second screen without cursor and wrapping, and gives all of it back, once', () => {
  const { screen, written, exits } = fakeScreen(24)
  const picture = openPicture(screen)
  expect(written).toEqual(['\u001B[?1049h\u001B[?25l\u001B[?7l'])
  picture.draw(['one', 'two'])
  expect(written.at(-1)).toBe('\u001B[Hone\u001B[K\r\ntwo\u001B[K\r\n\u001B[J')
  picture.close()
  expect(written.at(-1)).toBe('\u001B[?7h\u001B[?25h\u001B[?1049l')
  picture.close()
  picture.draw(['late'])
  expect(written).toHaveLength(3)
  expect(exits.size).toBe(0)
})

it('gives the cursor back even when the process ends under it', () => {
  const { screen, written, exits } = fakeScreen(24)
  openPicture(screen)
  for (const exit of [...exits]) exit()
  expect(written.at(-1)).toBe('\u001B[?7h\u001B[?25h\u001B[?1049l')
})

it('says how much a low window leaves out', () => {
  const { screen, written } = fakeScreen(4)
  openPicture(screen).draw(['a', 'b', 'c', 'd', 'e'])
  expect(written.at(-1)).toContain('a\u001B[K\r\nb\u001B[K\r\n… 3 more lines')
  expect(written.at(-1)?.split('\r\n')).toHaveLength(4)
})
