import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openStore } from '../../src/stores/open-store.ts'
import { manualPlatform } from '../support/manual-platform.ts'
import { temporaryHome } from '../support/temporary-home.ts'

/** Printable, as keys are, and long enough that chance does not write it. */
const secretText = fc
  .string({ minLength: 10, maxLength: 3_000, unit: 'grapheme-ascii' })
  .filter((text) => !/^(.)\1*$/.test(text))

/** In every way in which a careless writer would have put it down. */
function disguises(secret: string): readonly Buffer[] {
  const bytes = Buffer.from(secret)
  return [
    bytes,
    Buffer.from(secret, 'utf16le'),
    Buffer.from(JSON.stringify(secret).slice(1, -1)),
    Buffer.from(bytes.toString('base64').replace(/=+$/, '').slice(0, -1)),
    Buffer.from(bytes.toString('hex')),
    Buffer.from(encodeURIComponent(secret)),
  ]
}

function bytesOf(home: string): ReadonlyArray<readonly [string, Buffer]> {
  return readdirSync(home).map((name) => [name, readFileSync(join(home, name))])
}

it('no stored secret stands in any byte of a home, while it is written, refreshed, set aside, replaced and removed', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(secretText, secretText, secretText, secretText),
      async ([token, refreshToken, newer, last]) => {
        const homeDirectory = temporaryHome()
        const store = await openStore({ kind: 'sqlite', homeDirectory }, manualPlatform())
        const secrets = [token, refreshToken, newer, last].flatMap(disguises)
        const expectSealed = (when: string) => {
          for (const [name, bytes] of bytesOf(homeDirectory))
            for (const secret of secrets) expect(bytes.includes(secret), `${when}: ${name}`).toBe(false)
        }
        await store.addCredential(
          {
            id: 'cred_a',
            provider: 'openai',
            label: 'a',
            type: 'oauth',
            source: { kind: 'stored' },
            fingerprint: 'f',
            secret: { token, refreshToken },
          },
          1,
        )
        expectSealed('added')
        const renewed = {
          credentialId: 'cred_a',
          generation: 1,
          secret: { token: newer, refreshToken },
          fingerprint: 'g',
        }
        await store.refreshes.setAside(renewed, 'quick')
        expectSealed('set aside')
        await store.refreshes.commit(renewed)
        await store.replaceSecret('cred_a', { token: last }, 'h')
        expect(await store.readSecret('cred_a')).toEqual({ token: last })
        await store.removeCredential('cred_a')
        expectSealed('removed')
        await store.close()
        expectSealed('closed')
      },
    ),
    { numRuns: 25 },
  )
})
