import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Ran {
  readonly exit: number | null
  readonly said: string
}

/** Programs that have installed the package as it would be published. */
export interface PackedPackage {
  /** What is in the archive. */
  readonly files: readonly string[]
  /**
   * A project of its own, outside of the checkout: of the packages that are installed here it finds those that the package depends on,
   * and types of Node; no others.
   * @param also further packages that it has installed
   */
  project(files: Readonly<Record<string, string>>, also?: readonly string[]): string
  run(folder: string, file: string): Promise<Ran>
  /** Type-checks with the project's `tsconfig.json`. */
  check(folder: string): Promise<Ran>
  remove(): void
}

/** Builds and packs a copy: the checkout's own `dist` is left alone. */
export async function packPackage(): Promise<PackedPackage> {
  const folder = mkdtempSync(join(tmpdir(), 'sparekey-packed-'))
  const source = join(folder, 'source')
  mkdirSync(source)
  for (const each of ['package.json', 'README.md', 'LICENSE', 'schema'])
    cpSync(join(ROOT, each), join(source, each), { recursive: true })
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const build = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(source, 'dist')]
  await succeed(run(process.execPath, [compiler, ...build], ROOT))
  await succeed(run('npm', ['pack', '--ignore-scripts', '--offline', '--pack-destination', folder], source))
  const archive = readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? ''
  await succeed(run('tar', ['-xzf', archive], folder))
  const packed = join(folder, 'package')
  const { dependencies } = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>
  }
  const install = (modules: string, names: readonly string[]) => {
    cpSync(packed, join(modules, 'sparekey'), { recursive: true })
    for (const name of names) {
      const link = join(modules, name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(ROOT, 'node_modules', name), link)
    }
  }
  const needed = [...Object.keys(dependencies), '@types/node']
  // Found from every project below.
  install(join(folder, 'projects/node_modules'), needed)
  let projects = 0
  return {
    files: readdirSync(packed, { recursive: true, encoding: 'utf8' }),
    project(files, also = []) {
      projects += 1
      const project = join(folder, 'projects', String(projects))
      mkdirSync(project)
      if (also.length > 0) install(join(project, 'node_modules'), [...needed, ...also])
      for (const [file, text] of Object.entries(files)) writeFileSync(join(project, file), text)
      return project
    },
    run: (project, file) => run(process.execPath, [file], project),
    check: (project) => run(process.execPath, [compiler, '-p', project], project),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function succeed(running: Promise<Ran>): Promise<void> {
  const { exit, said } = await running
  if (exit !== 0) throw new Error(`it ended with ${exit}:\n${said}`)
}

function run(command: string, given: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(command, given, { cwd, maxBuffer: 10_000_000 }, (error, stdout, stderr) =>
      resolve({ exit: error === null ? 0 : child.exitCode, said: `${stdout}${stderr}` }),
    )
  })
}
