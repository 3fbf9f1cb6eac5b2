import { readFileSync, writeFileSync } from 'node:fs'

const TARGET = new URL('../docs/benchmark.md', import.meta.url)

/** Puts figures between their marks of the page; the words around them stay. @throws when the page has no such marks */
export function keepFigures([begin, end]: readonly [string, string], lines: readonly string[]): void {
  const page = readFileSync(TARGET, 'utf8')
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`docs/benchmark.md has no marks: ${begin}`)
  writeFileSync(TARGET, `${page.slice(0, from + begin.length)}\n\n${lines.join('\n').trim()}\n\n${page.slice(to)}`)
}
