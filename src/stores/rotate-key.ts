import { randomBytes } from 'node:crypto'
import type { Platform } from '../platform/platform.ts'
import { StoreError } from '../pool/store-contract.ts'
import { databaseKeyId, sealKeyCheck } from './key-check.ts'
import { dropStagedKeys } from './key-file.ts'
import type { KeySource } from './key-source.ts'
import { retireKey } from './retired-keys.ts'
import { KEY_BYTES, keyIdOf, type SecretBox, secretBox } from './secret-box.ts'
import { placeOf } from './secret-place.ts'
import type { SqlDatabase } from './sqlite-driver.ts'

/** In this order. A process that dies after any of them leaves a home that opens. */
export const ROTATION_STEPS = ['locked', 'staged', 'sealed', 'committed', 'settled', 'done'] as const
export type RotationStep = (typeof ROTATION_STEPS)[number]

export interface Rotation {
  readonly homeDirectory: string
  readonly path: string
  /** Where the key is now, and where the new one will be. */
  readonly from: KeySource
  readonly to: KeySource
  /** Told after each step. */
  readonly onStep?: (step: RotationStep) => void
}

export interface Rotated {
  readonly oldKeyId: string
  readonly newKeyId: string
  readonly secrets: number
}

/**
 * Gives a home a new key. The new key lies durably beside the old one before anything is sealed with it, all envelopes change in one
 * transaction, and only then does it take the old one's place: whichever of the two the database names can be found at any moment.
 * @throws StoreError `wrong_key`, `damaged` (an envelope does not open), `locked`; nothing was changed then
 */
export function rotateKey(database: SqlDatabase, rotation: Rotation, platform: Platform): Rotated {
  const { from, to, path } = rotation
  const step = rotation.onStep ?? (() => undefined)
  // The old key must not come back after a power cut that the new one survived.
  database.exec('PRAGMA synchronous = FULL')
  // Held from here to the end: a second rotation, and whoever seals a secret, waits.
  database.exec('BEGIN IMMEDIATE')
  let rotated: Rotated
  try {
    const oldKey = keyInUse(database, from, path)
    step('locked')
    if (to.kind === 'file') dropStagedKeys(rotation.homeDirectory)
    const newKey = to.kind === 'given' ? to.create() : randomBytes(KEY_BYTES)
    if (keyIdOf(newKey) === keyIdOf(oldKey)) throw new StoreError('wrong_key', 'that is the key already in use')
    to.stage(newKey)
    step('staged')
    const old = { key: oldKey, box: secretBox(oldKey) }
    const next = secretBox(newKey)
    const secrets = resealAll(database, old.box, next, path)
    retireKey(database, old, next, platform.clock.now())
    sealKeyCheck(database, next, true)
    step('sealed')
    database.exec('COMMIT')
    rotated = { oldKeyId: keyIdOf(oldKey), newKeyId: keyIdOf(newKey), secrets }
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
  step('committed')
  to.settle(rotated.newKeyId)
  step('settled')
  if (from.kind !== to.kind) from.forget()
  step('done')
  return rotated
}

/** The key that the database names, whoever rotated it since we looked last. */
function keyInUse(database: SqlDatabase, from: KeySource, path: string): Uint8Array {
  const keyId = databaseKeyId(database)
  const key = keyId === undefined ? undefined : from.find(keyId)
  if (key === undefined)
    throw new StoreError('wrong_key', `${path} was sealed with another key than ${from.place}; nothing was changed`)
  return key
}

function resealAll(database: SqlDatabase, old: SecretBox, next: SecretBox, path: string): number {
  const rows = database.prepare('SELECT credential_id, generation, envelope FROM secrets').all()
  const write = database.prepare('UPDATE secrets SET envelope = ? WHERE credential_id = ?')
  for (const row of rows) {
    const id = String(row.credential_id)
    const place = placeOf(id, Number(row.generation))
    const opened = row.envelope instanceof Uint8Array ? old.open(row.envelope, place) : undefined
    if (opened?.kind !== 'opened') {
      // Sealing on without it would make the loss final.
      throw new StoreError(
        'damaged',
        `the secret of ${id} in ${path} does not open: remove that credential and add it again, then rotate; nothing was changed`,
      )
    }
    write.run(next.seal(opened.text, place), id)
  }
  return rows.length
}
