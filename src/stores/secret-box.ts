import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'

export const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_ID_BYTES = 4
const VERSION = 1
const HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES

export type Opened =
  | { readonly kind: 'opened'; readonly text: string }
  /** Sealed with another key. */
  | { readonly kind: 'wrong_key' }
  /** Altered, cut, or moved to another place. */
  | { readonly kind: 'damaged' }

/**
 * Seals secrets with AES-256-GCM: version, key id, random 96-bit nonce, tag, ciphertext.
 * `place` (credential id and generation) is authenticated, so that a row copied over another one does not open.
 */
export interface SecretBox {
  seal(text: string, place: string): Uint8Array
  open(envelope: Uint8Array, place: string): Opened
  /** A name for a text that tells nothing about it to whoever lacks the key. The same text has the same name until the key changes. */
  nameOf(text: string): string
}

/** @param key 32 bytes. @throws RangeError for any other length */
export function secretBox(key: Uint8Array): SecretBox {
  if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`)
  const keyId = Buffer.from(keyIdOf(key), 'hex')
  // Made from the key and never the key itself: what seals is used for nothing else.
  let namingKey: Uint8Array | undefined
  return {
    seal(text, place) {
      // Never from `platform/random`: a seeded test source must not be able to repeat a nonce under a real key.
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(aad(keyId, place))
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(VERSION), keyId, nonce, cipher.getAuthTag(), ciphertext])
    },
    open(envelope, place) {
      const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength)
      if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION) return { kind: 'damaged' }
      const nonceAt = 1 + KEY_ID_BYTES
      if (!bytes.subarray(1, nonceAt).equals(keyId)) return { kind: 'wrong_key' }
      const tagAt = nonceAt + NONCE_BYTES
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(nonceAt, tagAt), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(aad(keyId, place))
      decipher.setAuthTag(bytes.subarray(tagAt, HEADER_BYTES))
      try {
        const text = Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES)), decipher.final()])
        return { kind: 'opened', text: text.toString('utf8') }
      } catch {
        return { kind: 'damaged' }
      }
    },
    nameOf(text) {
      namingKey ??= createHmac('sha256', key).update('sparekey names').digest()
      return createHmac('sha256', namingKey).update(text).digest('base64url')
    },
  }
}

/** What people and envelopes call a key: 8 hex digits that tell nothing about it. */
export function keyIdOf(key: Uint8Array): string {
  return createHash('sha256').update('sparekey key id').update(key).digest().subarray(0, KEY_ID_BYTES).toString('hex')
}

/** @returns the id of the key that an envelope was sealed with; undefined when it is no envelope */
export function sealedWith(envelope: Uint8Array): string | undefined {
  if (envelope.length < HEADER_BYTES || envelope[0] !== VERSION) return undefined
  return Buffer.from(envelope.subarray(1, 1 + KEY_ID_BYTES)).toString('hex')
}

function aad(keyId: Uint8Array, place: string): Uint8Array {
  return Buffer.concat([Buffer.of(VERSION), keyId, Buffer.from(place, 'utf8')])
}
