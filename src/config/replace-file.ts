import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Replaces a file in one step: after a crash the old text is there or the new one, never half of one.
 * @param temporary a name in the same folder that nobody else uses
 * @throws what the system says; the old file is untouched then
 */
export async function replaceFile(path: string, temporary: string, text: string, mode: number): Promise<void> {
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      // The umask has no say: the file keeps the mode that its owner gave it.
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
  await syncFolder(dirname(path))
}

/** Makes the rename itself survive a power cut; not every system can. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch {
    // Windows opens no folders; the file itself is safe.
  }
}
