// Writes the table of labels into README.md, between its two markers.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { labelTable, withLabelTable } from './label-table.ts'

const readme = fileURLToPath(new URL('../README.md', import.meta.url))
writeFileSync(readme, withLabelTable(readFileSync(readme, 'utf8'), labelTable()))
