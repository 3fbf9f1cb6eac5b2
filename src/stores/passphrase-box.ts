import { createCipheriv, createDecipheriv, randomBytes, scrypt, type ScryptOptions } from 'node:crypto'

/** About 0.3 s and 128 MB for each guess. Source: OWASP's advice for scrypt, seen 2026-11. */
const COST = { n: 131_072, r: 8, p: 1 }
/** A forged file must not make us fill the memory. */
const HIGHEST_COST = { n: 1_048_576, r: 16, p: 4 }
const KEY_BYTES = 32

/** What stands in the clear beside the ciphertext; authenticated with it. Bytes are base64. */
export interface PassphraseEnvelope {
  readonly kdf: {
    readonly name: 'scrypt'
    readonly n: number
    readonly r: number
    readonly p: number
    readonly salt: string
  }
  readonly cipher: { readonly name: 'aes-256-gcm'; readonly nonce: string; readonly tag: string }
  readonly ciphertext: string
}

/** Seals text under a passphrase. @param place authenticated with it */
export async function sealWithPassphrase(text: string, passphrase: string, place: string): Promise<PassphraseEnvelope> {
  const salt = randomBytes(16)
  const nonce = randomBytes(12)
  const kdf = { name: 'scrypt', ...COST, salt: salt.toString('base64') } as const
  const cipher = createCipheriv('aes-256-gcm', await keyFrom(passphrase, kdf), nonce)
  cipher.setAAD(aad(place, kdf))
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return {
    kdf,
    cipher: { name: 'aes-256-gcm', nonce: nonce.toString('base64'), tag: cipher.getAuthTag().toString('base64') },
    ciphertext: ciphertext.toString('base64'),
  }
}

/** @returns undefined when the passphrase is wrong or something was altered: nobody can tell these apart */
export async function openWithPassphrase(
  { kdf, cipher, ciphertext }: PassphraseEnvelope,
  passphrase: string,
  place: string,
): Promise<string | undefined> {
  try {
    const decipher = createDecipheriv(
      'aes-256-gcm',
      await keyFrom(passphrase, kdf),
      Buffer.from(cipher.nonce, 'base64'),
      {
        authTagLength: 16,
      },
    )
    decipher.setAAD(aad(place, kdf))
    decipher.setAuthTag(Buffer.from(cipher.tag, 'base64'))
    return Buffer.concat([decipher.update(Buffer.from(ciphertext, 'base64')), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

/** Whether the costs are ones that we would pay. */
export function isAffordable({ n, r, p }: PassphraseEnvelope['kdf']): boolean {
  const isPowerOfTwo = Number.isInteger(Math.log2(n))
  return isPowerOfTwo && n > 1 && n <= HIGHEST_COST.n && r >= 1 && r <= HIGHEST_COST.r && p >= 1 && p <= HIGHEST_COST.p
}

function keyFrom(passphrase: string, { n, r, p, salt }: PassphraseEnvelope['kdf']): Promise<Buffer> {
  const options: ScryptOptions = { N: n, r, p, maxmem: 128 * n * r + 128 * r * p + 1024 * 1024 }
  // The same passphrase typed on another system may arrive composed otherwise.
  const text = passphrase.normalize('NFKC')
  return new Promise((resolve, reject) => {
    scrypt(text, Buffer.from(salt, 'base64'), KEY_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

function aad(place: string, kdf: PassphraseEnvelope['kdf']): Buffer {
  return Buffer.from([place, kdf.name, kdf.n, kdf.r, kdf.p, kdf.salt].join('\n'), 'utf8')
}
