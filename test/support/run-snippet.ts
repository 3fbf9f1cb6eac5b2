import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The entries of the package, by their names without `sparekey`. */
const ENTRIES: Readonly<Record<string, string>> = {
  '': 'src/index.ts',
  '/fetch': 'src/fetch/index.ts',
  '/ai-sdk': 'src/ai-sdk/index.ts',
  '/failure': 'src/failure/index.ts',
  '/failure/rules': 'src/providers/_rules.ts',
}

/** Text of a page whose imports of the package lead to this checkout. */
export function fromCheckout(text: string): string {
  return text.replace(
    /from 'sparekey(.*)'/g,
    (_all, entry: string) => `from '${pathToFileURL(join(ROOT, ENTRIES[entry] ?? entry)).href}'`,
  )
}

/**
 * Runs TypeScript from a page as a program of its own, among installed packages.
 * @param among folder of these packages' `node_modules`. @default the checkout
 * @returns its exit code and everything it said
 */
export async function runSnippet(
  text: string,
  environment: NodeJS.ProcessEnv = process.env,
  among: string = ROOT,
): Promise<{ readonly exit: number | null; readonly said: string }> {
  const cache = join(among, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'snippet-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'snippet.mts')
  writeFileSync(file, text.replace("from 'openai'", "from 'openai-v7'"))
  const child = spawn(process.execPath, ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (said += part.toString()))
  const exit = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { exit, said }
}
