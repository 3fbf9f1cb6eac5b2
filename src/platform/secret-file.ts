import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Real keys have under 4 KB; a path that leads to a log or a disk must not fill the memory. */
const LARGEST_BYTES = 64 * 1024
const OPEN_TO_OTHERS = 0o077

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this process may not read it',
  EPERM: 'this process may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ELOOP: 'its symbolic links lead in a circle',
}

export type SecretFileLook =
  /** `mark` is the file's time, size and identity; `openToOthers` its mode when others may read it. */
  | { readonly kind: 'read'; readonly text: string; readonly mark: string; readonly openToOthers?: string }
  | { readonly kind: 'same' }
  | { readonly kind: 'unreadable'; readonly why: string }

/**
 * Reads a small file that holds a secret, and only reads it.
 * @param knownMark of the last look: an unchanged file is not read again
 */
export async function readSecretFile(path: string, knownMark?: string): Promise<SecretFileLook> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    // Not blocking: opening a pipe for reading would wait for a writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    return unreadable(error)
  }
  try {
    const facts = await file.stat({ bigint: true })
    const { mtimeNs, ctimeNs, size, ino, mode } = facts
    if (!facts.isFile())
      return { kind: 'unreadable', why: facts.isDirectory() ? 'it is a folder' : 'it is no regular file' }
    if (size > LARGEST_BYTES) return { kind: 'unreadable', why: `it is larger than ${LARGEST_BYTES / 1024} KB` }
    const mark = [mtimeNs, ctimeNs, size, ino].join(' ')
    if (mark === knownMark) return { kind: 'same' }
    const text = await file.readFile('utf8')
    const permissions = Number(mode) & 0o777
    const isOpen = process.platform !== 'win32' && (permissions & OPEN_TO_OTHERS) !== 0
    return { kind: 'read', text, mark, ...(isOpen ? { openToOthers: permissions.toString(8) } : {}) }
  } catch (error) {
    return unreadable(error)
  } finally {
    await file.close()
  }
}

function unreadable(error: unknown): SecretFileLook {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  return { kind: 'unreadable', why: WHY[code] ?? code }
}
