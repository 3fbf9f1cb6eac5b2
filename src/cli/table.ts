/** Control characters in a label would move the cursor of whoever lists it. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}

/**
 * Lays out rows in aligned columns. The last column takes what is left of `columns` and is cut with an ellipsis.
 * @param indent spaces before each row
 */
export function layOut(rows: ReadonlyArray<readonly string[]>, columns: number, indent = 2): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, index) =>
    Math.max(0, ...rows.map((row) => printable(row[index] ?? '').length)),
  )
  return rows.map((row) => {
    const line = row
      .map((cell, index) => (index === row.length - 1 ? printable(cell) : printable(cell).padEnd(widths[index] ?? 0)))
      .join('  ')
    const text = ' '.repeat(indent) + line.trimEnd()
    return text.length > columns ? `${text.slice(0, Math.max(1, columns - 1))}…` : text
  })
}

/** Breaks text into lines of at most `columns`, at spaces. */
export function wrap(text: string, columns: number, indent = 0): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > columns - indent) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines.map((each) => ' '.repeat(indent) + each).join('\n')
}
