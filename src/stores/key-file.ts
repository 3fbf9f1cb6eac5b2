import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { StoreError } from '../pool/store-contract.ts'
import { KEY_BYTES, keyIdOf } from './secret-box.ts'

const OPEN_TO_OTHERS = 0o077

/** Reads a key as people write it: 64 hex digits or base64 of 32 bytes. @returns undefined when it is neither */
export function parseKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim()
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return undefined
  const bytes = Buffer.from(trimmed, 'base64')
  return bytes.length === KEY_BYTES ? bytes : undefined
}

/**
 * Reads the key of a home. Permissions that let others read it are tightened, and that is said.
 * @returns undefined when there is no key file
 * @throws StoreError `wrong_key` when the file holds no key: it is never overwritten
 */
export function readKeyFile(homeDirectory: string, onNotice: (message: string) => void): Uint8Array | undefined {
  return readKeyAt(join(homeDirectory, 'key'), onNotice)
}

function readKeyAt(path: string, onNotice: (message: string) => void): Uint8Array | undefined {
  let text: string
  try {
    const file = openSync(path, 'r')
    try {
      tighten(path, fstatSync(file).mode, onNotice)
      text = readFileSync(file, 'utf8')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const key = parseKey(text)
  if (key === undefined) {
    throw new StoreError(
      'wrong_key',
      `${path} holds no key (32 bytes as base64 or hex). It was left as it is: restore it from a backup`,
    )
  }
  return key
}

/**
 * Creates the key of a new home. When two processes start at once, one file wins and both get the same key:
 * check-then-write lost credentials elsewhere (8040).
 */
export function createKeyFile(homeDirectory: string, onNotice: (message: string) => void): Uint8Array {
  const path = join(homeDirectory, 'key')
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`
  const text = `${randomBytes(KEY_BYTES).toString('base64')}\n`
  writeNew(draft, text)
  try {
    linkSync(draft, path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // File systems without hard links get the plain exclusive create.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP') writeNewOrFind(path, text)
    else if (code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
  const key = readKeyFile(homeDirectory, onNotice)
  if (key === undefined) throw new StoreError('wrong_key', `${path} vanished while it was created`)
  return key
}

/**
 * Puts a key beside the one in use, durable, under a name that only this key has. Nobody uses it before the database is sealed with it.
 * A name of its own for each key: two rotations at once must not put each other's key in place.
 */
export function stageKeyFile(homeDirectory: string, key: Uint8Array): void {
  const path = stagedPath(homeDirectory, keyIdOf(key))
  rmSync(path, { force: true })
  writeNew(path, `${Buffer.from(key).toString('base64')}\n`)
  syncFolder(homeDirectory)
}

/** @returns the staged key of this id, when there is one that can be read */
export function readStagedKey(homeDirectory: string, keyId: string): Uint8Array | undefined {
  const key = readKeyAt(stagedPath(homeDirectory, keyId), () => undefined)
  return key !== undefined && keyIdOf(key) === keyId ? key : undefined
}

/** Makes a staged key the one in use, in one step. Nothing happens when another process has done it already. */
export function settleKeyFile(homeDirectory: string, keyId: string): void {
  try {
    renameSync(stagedPath(homeDirectory, keyId), join(homeDirectory, 'key'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  syncFolder(homeDirectory)
}

export function forgetKeyFile(homeDirectory: string): void {
  rmSync(join(homeDirectory, 'key'), { force: true })
}

/** Removes staged keys that no database was ever sealed with. Only for whoever holds the database's write lock. */
export function dropStagedKeys(homeDirectory: string): void {
  for (const name of readdirSync(homeDirectory)) {
    if (/^key-[0-9a-f]{8}\.next$/.test(name)) rmSync(join(homeDirectory, name), { force: true })
  }
}

function stagedPath(homeDirectory: string, keyId: string): string {
  return join(homeDirectory, `key-${keyId}.next`)
}

/** Makes names survive a power cut. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function writeNew(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, text)
    // Secrets are sealed with it right away: it must not be lost by a power cut that they survive.
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function writeNewOrFind(path: string, text: string): void {
  try {
    writeNew(path, text)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Shared with the database file. Windows has no such modes. */
export function tighten(path: string, mode: number, onNotice: (message: string) => void): void {
  if (process.platform === 'win32' || (mode & OPEN_TO_OTHERS) === 0) return
  chmodSync(path, 0o600)
  onNotice(
    `${path} could be read by others (mode ${(mode & 0o777).toString(8)}): it is now 600. Replace the secrets in it if others use this machine`,
  )
}
