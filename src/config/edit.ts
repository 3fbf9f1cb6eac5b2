import { constants } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Document, isSeq, parseDocument } from 'yaml'
import type { Platform } from '../platform/platform.ts'
import { parseConfig } from './parse.ts'
import { describeProblem } from './config.ts'

/** First line of a file that we create: editors then check and complete it. */
const SCHEMA_LINE = '# yaml-language-server: $schema=https://unpkg.com/sparekey/schema/config.schema.json'

/** A configuration could not be edited; the file is as it was. */
export class ConfigEditError extends Error {
  override readonly name = 'ConfigEditError'
  readonly code: 'invalid' | 'busy' | 'unwritable'
  constructor(code: ConfigEditError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** An editor that died leaves its lock; after this long nobody is waited for, ms. */
const STALE_LOCK_MS = 10_000
const LOCK_PATIENCE_MS = 5_000

/**
 * Changes `config.yaml` and nothing else in it: comments, order and blank lines stay. Atomic; two editors take turns.
 * @throws ConfigEditError when the file does not parse before or after the change, or cannot be written
 */
export async function editConfig(
  path: string,
  platform: Platform,
  change: (document: Document) => void,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const unlock = await lock(`${path}.lock`, platform)
  try {
    const { text, mode } = await readOrCreate(path)
    const before = parseConfig(text, 'config.yaml')
    if ('problems' in before) {
      const told = before.problems.map(describeProblem).join('\n')
      throw new ConfigEditError(
        'invalid',
        `config.yaml is not changed, because it has errors; correct them first:\n${told}`,
      )
    }
    const document: Document = parseDocument(text)
    change(document)
    const edited = document.toString({ lineWidth: 0 })
    const after = parseConfig(edited, 'config.yaml')
    if ('problems' in after) throw new ConfigEditError('invalid', after.problems.map(describeProblem).join('\n'))
    if (edited !== text) await replace(path, edited, mode)
  } finally {
    await unlock()
  }
}

/** Sets the strategy of a provider. */
export function setStrategy(provider: string, strategy: string): (document: Document) => void {
  return (document) => {
    if (document.getIn(['providers', provider]) === null) document.deleteIn(['providers', provider])
    document.setIn(['providers', provider, 'strategy'], strategy)
  }
}

/** Appends a route to the fallback chain, unless it is there. */
export function addFallback(route: string): (document: Document) => void {
  return (document) => {
    const list = document.get('fallback', true)
    if (!isSeq(list)) document.set('fallback', document.createNode([route]))
    else if (!(list.toJSON() as unknown[]).includes(route)) list.add(document.createNode(route))
  }
}

/** Removes a route from the fallback chain. */
export function removeFallback(route: string): (document: Document) => void {
  return (document) => {
    const list = document.get('fallback', true)
    if (!isSeq(list)) return
    const index = (list.toJSON() as unknown[]).indexOf(route)
    if (index >= 0) list.delete(index)
    if (list.items.length === 0) document.delete('fallback')
  }
}

export function clearFallback(): (document: Document) => void {
  return (document) => {
    document.delete('fallback')
  }
}

async function readOrCreate(path: string): Promise<{ text: string; mode: number }> {
  try {
    const [text, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    return { text, mode: mode & 0o777 }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { text: `${SCHEMA_LINE}\n`, mode: 0o600 }
    throw new ConfigEditError('unwritable', `config.yaml cannot be read: ${message(error)}`)
  }
}

/** A crash leaves the old file or the new one, never half of one. */
async function replace(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`
  try {
    const file = await open(temporary, 'w', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw new ConfigEditError('unwritable', `config.yaml is not changed: ${message(error)}`)
  }
}

async function lock(path: string, platform: Platform): Promise<() => Promise<void>> {
  const startedAt = platform.clock.monotonic()
  for (;;) {
    try {
      const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600)
      await file.close()
      return () => rm(path, { force: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
        throw new ConfigEditError('unwritable', `config.yaml is not changed: ${message(error)}`)
    }
    const held = await stat(path).catch(() => undefined)
    if (held !== undefined && platform.clock.now() - held.mtimeMs > STALE_LOCK_MS) await rm(path, { force: true })
    if (platform.clock.monotonic() - startedAt > LOCK_PATIENCE_MS)
      throw new ConfigEditError('busy', 'somebody else is editing config.yaml; try again')
    await platform.timers.sleep(20)
  }
}

function message(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
