import { createHash } from 'node:crypto'
import type { Platform } from '../platform/platform.ts'
import type { OAuthAccount } from './oauth-script.ts'

/** A login that somebody began on a device and has to approve elsewhere. */
export interface DeviceGrant {
  /** `device_auth_id` or `device_code`. */
  readonly deviceId: string
  readonly userCode: string
  readonly clientId: string
  readonly scope: string
  readonly expiresAtMs: number
  polls: number
  state: 'pending' | 'approved' | 'denied' | 'done'
  account?: OAuthAccount
}

/** An authorization code and what must come with it. */
export interface CodeGrant {
  readonly account: OAuthAccount
  readonly clientId: string
  readonly redirectUri: string
  readonly challenge: string
  readonly scope: string
  used: boolean
}

/** Codes that are under way. */
export class GrantBook {
  readonly devices: DeviceGrant[] = []
  readonly #codes = new Map<string, CodeGrant>()
  readonly #platform: Platform

  constructor(platform: Platform) {
    this.#platform = platform
  }

  beginDevice(clientId: string, scope: string, expiresAtMs: number): DeviceGrant {
    const letters = this.#platform.random.id('x').replace(/^x_/, '').toUpperCase()
    const grant: DeviceGrant = {
      deviceId: this.#platform.random.id('deviceauth'),
      userCode: `${letters.slice(0, 4)}-${letters.slice(4, 9)}`,
      clientId,
      scope,
      expiresAtMs,
      polls: 0,
      state: 'pending',
    }
    this.devices.push(grant)
    return grant
  }

  device(deviceId: string): DeviceGrant | undefined {
    return this.devices.find((each) => each.deviceId === deviceId)
  }

  /** By what a person typed. */
  typed(userCode: string): DeviceGrant | undefined {
    const plain = (text: string) => text.replace(/[^0-9a-z]/gi, '').toUpperCase()
    return this.devices.find((each) => plain(each.userCode) === plain(userCode) && each.state === 'pending')
  }

  issueCode(grant: Omit<CodeGrant, 'used'>): string {
    const code = this.#platform.random.id('ac_simulated')
    this.#codes.set(code, { ...grant, used: false })
    return code
  }

  /** Redeems a code once. @returns undefined when it, its address, its client or its proof is wrong */
  redeem(code: string, verifier: string, redirectUri: string, clientId: string): CodeGrant | undefined {
    const grant = this.#codes.get(code)
    if (grant === undefined || grant.used) return undefined
    // A wrong proof burns the code as well: whoever stole it must not try again.
    grant.used = true
    const isProven = challengeOf(verifier) === grant.challenge
    return isProven && grant.redirectUri === redirectUri && grant.clientId === clientId ? grant : undefined
  }
}

/** S256 of RFC 7636. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
