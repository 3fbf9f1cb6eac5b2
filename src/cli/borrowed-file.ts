import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { CliError, EXIT } from './cli-error.ts'

/** Real ones have a few KB; whoever points us at a log or a disk image gets an answer, not a full memory. */
const LARGEST_BYTES = 4 * 1024 * 1024

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read it',
  EPERM: 'you may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ELOOP: 'its symbolic links lead in a circle',
}

/**
 * Reads another program's file, and only reads it: opened read-only, no lock, no repair, whoever owns it (15718, 20739).
 * Anything that is no readable regular file is an error and never "empty" (71655).
 * @param advice what to do when it cannot be read
 * @throws CliError; its text holds nothing of the content
 */
export async function readBorrowed(path: string, advice: string): Promise<string> {
  const refuse = (why: string) => new CliError(EXIT.failed, `${path} cannot be read: ${why}`, advice)
  let file: Awaited<ReturnType<typeof open>>
  try {
    // Not blocking: opening a pipe for reading would wait for a writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw refuse(WHY[code] ?? code)
  }
  try {
    const facts = await file.stat()
    if (facts.isDirectory()) throw refuse('it is a folder')
    if (!facts.isFile()) throw refuse('it is no regular file')
    if (facts.size > LARGEST_BYTES) throw refuse(`it is larger than ${LARGEST_BYTES / 1024 / 1024} MB`)
    const text = (await file.readFile('utf8')).replace(/^\uFEFF/, '')
    if (text.trim() === '') throw refuse('it is empty')
    return text
  } finally {
    await file.close()
  }
}

/** @throws CliError that names the file; a parser's own message would quote the secrets around the damage */
export async function readBorrowedJson(path: string, advice: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readBorrowed(path, advice)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new CliError(EXIT.failed, `${path} is damaged: it is not valid JSON`, `${advice}; nothing was changed`)
  }
  const found = asRecord(value)
  if (found === undefined)
    throw new CliError(EXIT.failed, `${path} holds no JSON object`, `${advice}; nothing was changed`)
  return found
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

/** A text that could be a key: no placeholder, no spaces, no line breaks. */
export function asSecret(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x21-\x7e]{4,}$/.test(value) && !/^(?:\*+|<.*>|\$\{.*\})$/.test(value)
    ? value
    : undefined
}
