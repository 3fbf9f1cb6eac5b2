import { mkdir, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument, type Pair, type YAMLMap, YAMLSeq } from 'yaml'
import type { Platform } from '../platform/platform.ts'
import { describeProblem } from './config.ts'
import { ConfigEditError, systemCode } from './edit-error.ts'
import { lockForEdit } from './edit-lock.ts'
import { commentsIn, putAbove, putBelow } from './keep-comments.ts'
import { parseConfig } from './parse.ts'
import { readConfigFile } from './read-config-file.ts'
import { replaceFile } from './replace-file.ts'

/** First line of a file that we create: editors then check and complete it. */
const SCHEMA_LINE = '# yaml-language-server: $schema=https://unpkg.com/sparekey/schema/config.schema.json'

/**
 * Changes `config.yaml` and no setting else in it: comments and order stay, and so do the file's mode, its line ends and
 * a link to it. Atomic; editors of all processes take turns.
 * @throws ConfigEditError when the file does not parse before or after the change, or cannot be written: it is as it was then
 */
export async function editConfig(
  path: string,
  platform: Platform,
  change: (document: Document) => void,
): Promise<void> {
  // A file kept elsewhere and linked here (dotfiles) stays a link.
  const target = await realpath(path).catch(() => path)
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new ConfigEditError('unwritable', `config.yaml is not changed: ${systemCode(error)}`)
  }
  const lock = await lockForEdit(target, platform)
  try {
    const { text, mode } = await readOrBegin(target)
    const edited = changed(text, change)
    if (edited === text) return
    if (!(await lock.isHeld())) throw new ConfigEditError('busy', 'somebody else is editing config.yaml; try again')
    await replaceFile(target, `${target}.${platform.random.id('new')}`, edited, mode).catch((error: unknown) => {
      throw new ConfigEditError('unwritable', `config.yaml is not changed: ${systemCode(error)}`)
    })
  } finally {
    await lock.release()
  }
}

/** Sets the strategy of a provider. */
export function setStrategy(provider: string, strategy: string): (document: Document) => void {
  return (document) => {
    const settings = mapAt(document, mapAt(document, rootOf(document), 'providers'), provider)
    settings.set('strategy', strategy)
  }
}

/** Appends a route to the fallback chain, unless it is there. */
export function addFallback(route: string): (document: Document) => void {
  return (document) => {
    const list = fallbackOf(document) ?? new YAMLSeq()
    if (list.toJSON().includes(route)) return
    list.add(document.createNode(route))
    const root = rootOf(document)
    const pair = pairOf(root, 'fallback')
    if (pair === undefined) root.add(document.createPair('fallback', list))
    else if (pair.value !== list) replaceValue(pair, list)
  }
}

/** Removes a route from the fallback chain. Its comments stay: people write there why. */
export function removeFallback(route: string): (document: Document) => void {
  return (document) => {
    const list = fallbackOf(document)
    const index = list?.toJSON().indexOf(route) ?? -1
    if (list === undefined || index < 0) return
    if (list.items.length === 1) return clearFallback()(document)
    const comments = commentsIn(list.items[index])
    list.delete(index)
    const next = list.items[index]
    if (isScalar(next)) putAbove(next, [...comments, ...takeAbove(next)])
    else putBelow(list, comments)
  }
}

/** Empties the fallback chain. Its comments stay. */
export function clearFallback(): (document: Document) => void {
  return (document) => {
    const pair = isMap(document.contents) ? pairOf(document.contents, 'fallback') : undefined
    if (pair === undefined || (isSeq(pair.value) && pair.value.items.length === 0)) return
    const empty = new YAMLSeq()
    empty.flow = true
    const comments = commentsIn(pair.value)
    pair.value = empty
    if (isScalar(pair.key)) putAbove(pair.key, comments)
  }
}

async function readOrBegin(path: string): Promise<{ readonly text: string; readonly mode: number }> {
  const read = await readConfigFile(path)
  if ('missing' in read) return { text: `${SCHEMA_LINE}\n`, mode: 0o600 }
  if ('unreadable' in read)
    throw new ConfigEditError(
      'unwritable',
      `config.yaml is not changed: it ${read.unreadable.replace(/^the file /, '')}`,
    )
  const mode = (await stat(path)).mode & 0o777
  // A rename would replace a file that its owner made read-only.
  if ((mode & 0o222) === 0) throw new ConfigEditError('unwritable', 'config.yaml is not changed: it is read-only')
  return { text: read.text, mode }
}

function changed(text: string, change: (document: Document) => void): string {
  const before = parseConfig(text, 'config.yaml')
  if ('problems' in before) {
    const told = before.problems.map(describeProblem).join('\n')
    throw new ConfigEditError(
      'invalid',
      `config.yaml is not changed, because it has errors; correct them first:\n${told}`,
    )
  }
  const document: Document = parseDocument(text, { logLevel: 'error' })
  const untouched = write(document, text)
  change(document)
  const edited = write(document, text)
  if (edited === untouched) return text
  const after = parseConfig(edited, 'config.yaml')
  if ('problems' in after) throw new ConfigEditError('invalid', after.problems.map(describeProblem).join('\n'))
  return edited
}

/** In the file's own manner: its indentation, its way to write lists, its line ends, its byte order mark. */
function write(document: Document, original: string): string {
  const indent = /^( +)\S/m.exec(original)?.[1]?.length ?? 2
  const text = document.toString({
    lineWidth: 0,
    indent: Math.min(Math.max(indent, 2), 8),
    indentSeq: !/^( *)[^\s#-][^\n]*:\s*\n\1- /m.test(original),
  })
  return (
    (original.startsWith('\uFEFF') ? '\uFEFF' : '') +
    (original.includes('\r\n') ? text.replace(/\r?\n/g, '\r\n') : text)
  )
}

function rootOf(document: Document): YAMLMap {
  if (isMap(document.contents)) return document.contents
  const root = document.createNode({}) as YAMLMap
  if (document.contents !== null) putAbove(root, commentsIn(document.contents))
  document.contents = root
  return root
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

/** The map below a key; an empty one where there is none. */
function mapAt(document: Document, parent: YAMLMap, key: string): YAMLMap {
  const pair = pairOf(parent, key)
  const value = pair?.value
  // Written once, meant twice: a change of one would change the other.
  if (isAlias(value) || (isMap(value) && value.anchor !== undefined))
    throw new ConfigEditError(
      'invalid',
      `config.yaml is not changed: "${key}" shares its settings through an anchor; edit it by hand`,
    )
  if (isMap(value)) return value
  const map = document.createNode({}) as YAMLMap
  if (pair === undefined) parent.add(document.createPair(key, map))
  else replaceValue(pair, map)
  return map
}

/** @returns undefined when there is none, or nothing behind the key */
function fallbackOf(document: Document): YAMLSeq | undefined {
  const value = isMap(document.contents) ? pairOf(document.contents, 'fallback')?.value : undefined
  if (isAlias(value) || (isSeq(value) && value.anchor !== undefined))
    throw new ConfigEditError(
      'invalid',
      'config.yaml is not changed: "fallback" shares its routes through an anchor; edit it by hand',
    )
  return isSeq(value) ? value : undefined
}

function replaceValue(pair: Pair, value: YAMLMap | YAMLSeq): void {
  putAbove(value, commentsIn(pair.value))
  pair.value = value
}

function takeAbove(node: { commentBefore?: string | null }): readonly string[] {
  const above = node.commentBefore
  node.commentBefore = null
  return typeof above === 'string' ? [above] : []
}
