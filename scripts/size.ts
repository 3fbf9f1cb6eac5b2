import { build } from 'esbuild'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

// How much code each entry of the package brings into a program: what it loads at once, and what it loads only when it is needed.
// Minified, without dependencies. Fails when an entry has outgrown its limit.

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** KB of 1000 bytes, minified, loaded at once. */
const ENTRIES = [
  { entry: 'sparekey/fetch', file: 'src/fetch/index.ts', limitKb: 40 },
  { entry: 'sparekey/ai-sdk', file: 'src/ai-sdk/index.ts', limitKb: 45 },
  { entry: 'sparekey/failure', file: 'src/failure/index.ts', limitKb: 56 },
  { entry: 'sparekey/failure/rules', file: 'src/providers/_rules.ts', limitKb: 48 },
  { entry: 'sparekey', file: 'src/index.ts', limitKb: undefined },
] as const

interface Size {
  readonly atOnce: number
  readonly gzipped: number
  readonly later: number
}

async function sizeOf(file: string): Promise<Size> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [file],
    outdir: 'out',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    metafile: true,
    write: false,
  })
  const text = new Map(outputFiles.map(({ path, contents }) => [relative(ROOT, path), contents]))
  const first = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === file)?.[0] ?? ''
  const needed = new Set<string>()
  const follow = (path: string): void => {
    const output = metafile.outputs[path]
    if (output === undefined || needed.has(path)) return
    needed.add(path)
    for (const each of output.imports) if (each.kind === 'import-statement') follow(each.path)
  }
  follow(first)
  const sum = (paths: Iterable<string>, weigh: (content: Uint8Array) => number) =>
    [...paths].reduce((total, path) => total + weigh(text.get(path) ?? new Uint8Array()), 0)
  return {
    atOnce: sum(needed, ({ length }) => length),
    gzipped: sum(needed, (content) => gzipSync(content).length),
    later: sum(
      [...text.keys()].filter((path) => !needed.has(path)),
      ({ length }) => length,
    ),
  }
}

const kb = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`.padStart(9)

console.log(`${'entry'.padEnd(22)}   at once  gzipped  when needed  limit`)
for (const { entry, file, limitKb } of ENTRIES) {
  const { atOnce, gzipped, later } = await sizeOf(file)
  const limit = limitKb === undefined ? 'none' : `${limitKb} KB`
  console.log(`${entry.padEnd(22)} ${kb(atOnce)}${kb(gzipped)}   ${kb(later)}   ${limit}`)
  if (limitKb !== undefined && atOnce > limitKb * 1000) {
    console.error(`${entry} is larger than ${limit}: load what made it grow when it is needed, or say why it may grow.`)
    process.exitCode = 1
  }
}
