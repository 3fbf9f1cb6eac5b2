import { StoreError, type StoreErrorCode } from '../pool/store-contract.ts'

/** Result codes of SQLite (low byte = primary code). Source: sqlite.org/rescode.html */
const PRIMARY: Readonly<Record<number, StoreErrorCode>> = {
  3: 'read_only',
  5: 'locked',
  6: 'locked',
  8: 'read_only',
  11: 'damaged',
  13: 'full',
  14: 'read_only',
  23: 'read_only',
  26: 'damaged',
}

/** I/O errors while writing: a disk or quota that is full reports them where SQLite has no code of its own (EFBIG, EDQUOT). */
const WRITE_ERRORS = new Set([778, 1034, 1290, 1546, 4874])

const SYSTEM: Readonly<Record<string, StoreErrorCode>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EROFS: 'read_only',
  EACCES: 'read_only',
  EPERM: 'read_only',
  ENOTDIR: 'read_only',
  EEXIST: 'read_only',
  EISDIR: 'read_only',
  ELOOP: 'read_only',
}

/** Turns what SQLite or the file system threw into a `StoreError` that says what to do; anything else is passed on. */
export function toStoreError(error: unknown, path: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error
  const code = codeOf(error)
  return code === undefined ? error : new StoreError(code, advice(code, path, error.message), { cause: error })
}

/** SQLite said that somebody else holds the lock. */
export function isLocked(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === 'locked'
}

function codeOf(error: Error): StoreErrorCode | undefined {
  const { errcode, code } = error as Error & { readonly errcode?: unknown; readonly code?: unknown }
  if (typeof errcode === 'number') {
    if (WRITE_ERRORS.has(errcode)) return 'full'
    return PRIMARY[errcode & 0xff] ?? ((errcode & 0xff) === 10 ? 'damaged' : undefined)
  }
  if (code === 'ERR_INVALID_STATE') return 'closed'
  return typeof code === 'string' ? SYSTEM[code] : undefined
}

function advice(code: StoreErrorCode, path: string, said: string): string {
  switch (code) {
    case 'locked':
      return `${path} is locked by another process for more than 5 s: find it with "fuser ${path}", then try again`
    case 'full':
      return `${path} could not be written (${said}): the disk or quota is full; free some space, nothing was lost`
    case 'read_only':
      return `${path} cannot be opened for writing (${said}): check owner and permissions, or set SPAREKEY_HOME to a folder of yours`
    case 'damaged':
      return `${path} is damaged (${said}). It was left as it is: restore a backup, or move it away and add the credentials again; "sparekey doctor" says more`
    case 'closed':
      return 'the store is closed'
    default:
      return said
  }
}
