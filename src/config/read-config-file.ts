import { open } from 'node:fs/promises'

/** Nobody writes a configuration of a megabyte. */
export const LARGEST_FILE_BYTES = 1_048_576

/** The text of a file; or that there is none; or why it cannot be used, in words for people. */
export type FileText = { readonly text: string } | { readonly missing: true } | { readonly unreadable: string }

/** Reads `config.yaml` as it is. Never throws. */
export async function readConfigFile(path: string): Promise<FileText> {
  try {
    const file = await open(path, 'r')
    try {
      const stat = await file.stat()
      if (stat.isDirectory())
        return { unreadable: 'cannot be read (EISDIR); check that it is a file that you may read' }
      if (stat.size > LARGEST_FILE_BYTES) return { unreadable: 'the file is larger than 1 MiB' }
      // Lenient decoding would show U+FFFD, and the next edit would write it over the user's text.
      return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.readFile()) }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof TypeError) return { unreadable: 'is not UTF-8 text; save it as UTF-8' }
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    return code === 'ENOENT'
      ? { missing: true }
      : { unreadable: `cannot be read (${code}); check that it is a file that you may read` }
  }
}
