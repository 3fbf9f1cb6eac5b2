import { StoreError } from '../pool/store-contract.ts'
import { type SecretBox, sealedWith } from './secret-box.ts'
import type { SqlDatabase } from './sqlite-driver.ts'

const KEY_CHECK = 'sparekey key check'

/** @returns the id of the key that this database is sealed with; undefined when it has none yet */
export function databaseKeyId(database: SqlDatabase): string | undefined {
  const sealed = database.prepare('SELECT key_check FROM state').get()?.key_check
  return sealed instanceof Uint8Array ? sealedWith(sealed) : undefined
}

/** Seals the value that tells a wrong key. @param force also over an older one, as a rotation does */
export function sealKeyCheck(database: SqlDatabase, box: SecretBox, force: boolean): void {
  const where = force ? '' : ' WHERE key_check IS NULL'
  database.prepare(`UPDATE state SET key_check = ?${where}`).run(box.seal(KEY_CHECK, KEY_CHECK))
}

/** A wrong key is an error when the home opens, not a 401 from a provider later. @throws StoreError `wrong_key`, `damaged` */
export function checkKey(database: SqlDatabase, box: SecretBox, path: string): void {
  const sealed = database.prepare('SELECT key_check FROM state').get()?.key_check
  const opened = sealed instanceof Uint8Array ? box.open(sealed, KEY_CHECK) : undefined
  if (opened?.kind === 'opened') return
  if (opened?.kind === 'wrong_key') {
    throw new StoreError(
      'wrong_key',
      `${path} was sealed with another key: restore its key file or set the right SPAREKEY_KEY; nothing was changed`,
    )
  }
  throw new StoreError('damaged', `${path} has no readable key check. It was left as it is: restore a backup`)
}
