import { printable } from './table.ts'

/** One column: how wide it is at least, and whether it may be cut to make the row fit. */
export interface Column {
  readonly title: string
  /** At least so wide. @default as wide as its cells */
  readonly width?: number
  /** Never wider than `width`: rows that come later stand under the first. */
  readonly fixed?: boolean
  readonly shrinks?: true
}

/** No column is cut below this. */
const NARROWEST = 5
const GAP = '  '

/**
 * Rows under their titles, none longer than `columns`: the widest of the columns that may shrink gives way first.
 * @returns the line of titles and one line for each row
 */
export function fitTable(
  table: readonly Column[],
  rows: ReadonlyArray<readonly string[]>,
  columns: number,
): { readonly titles: string; readonly lines: readonly string[] } {
  const widths = table.map(({ title, width = 0, fixed }, index) =>
    Math.max(width, title.length, ...rows.map((row) => (fixed === true ? 0 : printable(row[index] ?? '').length))),
  )
  const total = () => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1))
  while (total() > columns) {
    const widest = table
      .map(({ shrinks }, index) => (shrinks === true ? index : -1))
      .filter((index) => index !== -1 && (widths[index] ?? 0) > NARROWEST)
      .sort((left, right) => (widths[right] ?? 0) - (widths[left] ?? 0))[0]
    if (widest === undefined) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  const line = (cells: readonly string[]) =>
    cut(
      cells
        .map((cell, index) => cut(printable(cell), widths[index] ?? 0).padEnd(widths[index] ?? 0))
        .join(GAP)
        .trimEnd(),
      columns,
    )
  return { titles: line(table.map(({ title }) => title)), lines: rows.map(line) }
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text
}
