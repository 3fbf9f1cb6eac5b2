import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { RenewedSecret } from '../pool/store-contract.ts'
import type { SecretBox } from './secret-box.ts'

const NAME = /^refreshed-[\w-]+-\d+\.sealed$/

/**
 * Refreshed tokens that the database would not take (disk full, read-only, locked), sealed with the key of the home, one file each.
 * The old token is spent when this is needed: a pair that is dropped here is an account that is lost (15099, 109799, 113816).
 */
export class AsideFiles {
  readonly #homeDirectory: string
  readonly #box: SecretBox

  constructor(homeDirectory: string, box: SecretBox) {
    this.#homeDirectory = homeDirectory
    this.#box = box
  }

  /** Written whole or not at all, mode 0600. @param manner `quick` does not wait for the disk */
  write(renewed: RenewedSecret, manner: 'quick' | 'durable' = 'durable'): void {
    const path = this.#path(renewed)
    const draft = `${path}.draft`
    rmSync(draft, { force: true })
    const file = openSync(draft, 'wx', 0o600)
    try {
      writeSync(file, this.#box.seal(JSON.stringify(renewed), placeOf(renewed)))
      if (manner === 'durable') fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, path)
    if (manner === 'durable') this.#syncFolder()
  }

  list(onUnreadable: (message: string) => void): readonly RenewedSecret[] {
    const found: RenewedSecret[] = []
    for (const name of readdirSync(this.#homeDirectory)) {
      if (!NAME.test(name)) continue
      const renewed = this.#read(name, onUnreadable)
      if (renewed !== undefined) found.push(renewed)
    }
    return found
  }

  remove(renewed: Pick<RenewedSecret, 'credentialId' | 'generation'>): void {
    rmSync(this.#path(renewed), { force: true })
  }

  #read(name: string, onUnreadable: (message: string) => void): RenewedSecret | undefined {
    const path = join(this.#homeDirectory, name)
    let bytes: Uint8Array
    try {
      bytes = readFileSync(path)
    } catch (error) {
      // Another process has taken it up a moment ago.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    const [, credentialId = '', generation = ''] = /^refreshed-([\w-]+)-(\d+)\.sealed$/.exec(name) ?? []
    const opened = this.#box.open(bytes, placeOf({ credentialId, generation: Number(generation) }))
    if (opened.kind === 'opened') return JSON.parse(opened.text) as RenewedSecret
    onUnreadable(
      `${path} holds refreshed tokens but ${
        opened.kind === 'wrong_key' ? 'was sealed with another key' : 'is damaged'
      }. It was left as it is: restore the right key, or sign in again and remove it`,
    )
    return undefined
  }

  #path({ credentialId, generation }: Pick<RenewedSecret, 'credentialId' | 'generation'>): string {
    return join(this.#homeDirectory, `refreshed-${nameOf(credentialId)}-${generation}.sealed`)
  }

  #syncFolder(): void {
    if (process.platform === 'win32') return
    const folder = openSync(this.#homeDirectory, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  }
}

function placeOf({ credentialId, generation }: Pick<RenewedSecret, 'credentialId' | 'generation'>): string {
  return `refreshed\n${nameOf(credentialId)}\n${generation}`
}

function nameOf(credentialId: string): string {
  return credentialId.replace(/[^\w-]/g, '_')
}
