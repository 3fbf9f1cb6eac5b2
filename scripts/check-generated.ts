import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

// Runs every generator and fails when one of them changes a file: somebody edited a source and forgot
// `npm run generate`. The files are put back afterwards, so that a check never edits the checkout.

const root = fileURLToPath(new URL('..', import.meta.url))
const LEFT_OUT = new Set(['node_modules', '.git', 'dist', 'coverage', 'reports'])

const before = filesBelow(root)
const run = spawnSync('npm', ['run', '--silent', 'generate'], { cwd: root, stdio: 'inherit' })
const after = filesBelow(root)

const stale = [...new Set([...before.keys(), ...after.keys()])]
  .filter((path) => before.get(path)?.equals(after.get(path) ?? Buffer.alloc(0)) !== true)
  .sort()
for (const path of stale) putBack(path, before.get(path))

if (run.status !== 0) {
  console.error('A generator failed: see above.')
  process.exitCode = 1
} else if (stale.length > 0) {
  console.error('Not up to date; run `npm run generate` and commit the result:')
  for (const path of stale) console.error(`  ${relative(root, path)}`)
  process.exitCode = 1
}

function filesBelow(folder: string, found = new Map<string, Buffer>()): Map<string, Buffer> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (LEFT_OUT.has(entry.name)) continue
    if (entry.isDirectory()) filesBelow(path, found)
    else if (entry.isFile()) found.set(path, readFileSync(path))
  }
  return found
}

function putBack(path: string, content: Buffer | undefined): void {
  if (content === undefined) return rmSync(path)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}
