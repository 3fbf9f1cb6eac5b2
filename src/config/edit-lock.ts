import { link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import type { Platform } from '../platform/platform.ts'
import { ConfigEditError, systemCode } from './edit-error.ts'

/** An edit takes milliseconds; a lock of this age belongs to an editor that died, ms. */
const STALE_MS = 3_000
/** Longer than a stale lock lives, so that a crash delays the next edit and does not fail it, ms. */
const PATIENCE_MS = 5_000
const POLL_MS = 20

/** The right to edit one file, across processes. */
export interface EditLock {
  /** False once somebody took the lock for stale, e.g. while the machine slept. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/**
 * Waits for its turn to edit a file.
 * @throws ConfigEditError `busy` when nobody gives way, `unwritable` when no lock file can be made
 */
export async function lockForEdit(path: string, platform: Platform): Promise<EditLock> {
  const lockPath = `${path}.lock`
  const token = platform.random.id('edit')
  const untilMs = platform.clock.monotonic() + PATIENCE_MS
  while (!(await create(lockPath, token))) {
    if (await breakStale(lockPath, token, platform)) continue
    if (platform.clock.monotonic() > untilMs)
      throw new ConfigEditError('busy', 'somebody else is editing config.yaml; try again')
    await platform.timers.sleep(POLL_MS)
  }
  const isHeld = async () => (await readFile(lockPath, 'utf8').catch(() => '')) === token
  return {
    isHeld,
    async release() {
      if (await isHeld()) await rm(lockPath, { force: true }).catch(() => undefined)
    },
  }
}

async function create(lockPath: string, token: string): Promise<boolean> {
  try {
    const file = await open(lockPath, 'wx', 0o600)
    try {
      await file.writeFile(token)
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST') return false
    throw new ConfigEditError('unwritable', `config.yaml is not changed: ${code}`)
  }
}

/** Two that break the same stale lock at once: the second would take away the first one's new lock, and puts it back. */
async function breakStale(lockPath: string, token: string, platform: Platform): Promise<boolean> {
  if (!(await isStale(lockPath, platform))) return false
  const aside = `${lockPath}.${token}`
  try {
    await rename(lockPath, aside)
    if (await isStale(aside, platform)) return true
    await link(aside, lockPath)
    return false
  } catch {
    // Somebody was faster.
    return false
  } finally {
    await rm(aside, { force: true }).catch(() => undefined)
  }
}

async function isStale(path: string, platform: Platform): Promise<boolean> {
  const held = await stat(path).catch(() => undefined)
  return held !== undefined && platform.clock.now() - held.mtimeMs > STALE_MS
}
