// Writes docs/failures/ and docs/providers/ from the rows that the classifier runs on.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { failurePages, pagesOnDisk } from './failure-docs.ts'

const docs = new URL('../docs/', import.meta.url)
const pages = failurePages()
for (const old of pagesOnDisk(docs)) if (!pages.has(old)) rmSync(new URL(old, docs))
for (const folder of ['failures', 'providers']) mkdirSync(new URL(folder, docs), { recursive: true })
for (const [path, text] of pages) writeFileSync(new URL(path, docs), text)
