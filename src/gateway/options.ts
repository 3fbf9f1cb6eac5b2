import { SparekeyError } from '../failure/sparekey-error.ts'
import type { Platform } from '../platform/platform.ts'
import type { Call, RelayAnswer } from '../relay/call.ts'
import type { FallbackPolicy, ResolvedChain } from '../relay/resolved-chain.ts'
import type { WireName } from '../wire/wire.ts'

/** Who may call. The key itself is never kept: only its SHA-256. */
export interface ClientKey {
  readonly name: string
  /** Hex. */
  readonly sha256: string
  /** Holds beside that of the chain: the stricter one wins. @default any */
  readonly fallbackPolicy?: FallbackPolicy
}

export interface GatewayLimits {
  /** Largest request body after decoding. @default 64 MiB */
  readonly bodyBytes: number
  /** From a connection's first byte to the end of its headers, ms. @default 10 000 */
  readonly headersMs: number
  /** From a request's first byte to the end of its body, ms. @default 60 000 */
  readonly requestMs: number
  /** Open connections at once; more are refused without a word, so there are more of them than calls. @default 16 384 */
  readonly connections: number
}

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  bodyBytes: 64 * 1024 * 1024,
  headersMs: 10_000,
  requestMs: 60_000,
  connections: 16_384,
}

/** From when on further calls are refused instead of slowing down all of them. */
export interface LoadLimits {
  /** Calls being answered at once, in one process; 0 = no limit. @default 10 000 */
  readonly maxCalls: number
  /** How late the event loop may lastingly be, ms; 0 = no limit. @default 1 000 */
  readonly maxLagMs: number
}

export const DEFAULT_LOAD_LIMITS: LoadLimits = { maxCalls: 10_000, maxLagMs: 1_000 }

/** What changes when the configuration is reloaded; calls in flight keep what they began with. */
export interface GatewayHouse {
  /** The routes for a model that a client asked for in a protocol. @param named the chain that the request names instead */
  resolveChain(model: string, wire: WireName, named?: string): ResolvedChain | Promise<ResolvedChain>
  /** Names that clients may ask for. */
  listModels(): readonly string[]
  /** Empty = open, which only a loopback listener may be. */
  readonly clients: readonly ClientKey[]
  /** @default DEFAULT_LOAD_LIMITS */
  readonly load?: LoadLimits
}

export interface GatewayOptions {
  readonly relay: { answer(call: Call): Promise<RelayAnswer> }
  readonly house: GatewayHouse
  readonly platform: Platform
  /** @default 127.0.0.1 */
  readonly host?: string
  /** 0 = any free one. @default 8787 */
  readonly port?: number
  readonly limits?: Partial<GatewayLimits>
  /** Whether calls can be served now, and why not. @default always */
  readonly ready?: () => Promise<{ readonly ready: boolean; readonly why: string }>
  /** Told about faults of our own, redacted by the caller. */
  readonly onTrouble?: (message: string) => void
}

export interface Gateway {
  /** `http://127.0.0.1:8787` */
  readonly url: string
  readonly port: number
  /** Calls being answered now. */
  readonly inFlight: number
  /** Swaps models, chains and client keys for calls that begin from now on. Keys stay when none would be left and the network can reach us. */
  reload(house: GatewayHouse): void
  /**
   * Stops listening, lets running calls end for `graceMs`, then ends them in their own wire's error.
   * @param graceMs @default 10 000
   * @returns how many calls did not end by themselves
   */
  close(graceMs?: number, options?: ClosingOptions): Promise<number>
}

export interface ClosingOptions {
  /**
   * For a gateway whose successor listens already: connections that are idle may bring one more call for this long, ms, and are closed behind it.
   * A client that sends just when its connection is closed would see a failed call. @default 0
   */
  readonly lingerMs?: number
}

/** The gateway could not start. The message says what to do. */
export class GatewayStartError extends SparekeyError {
  override readonly name = 'GatewayStartError'
  declare readonly code: 'address_in_use' | 'open_to_network' | 'cannot_listen'
  constructor(code: GatewayStartError['code'], message: string, options?: { cause?: unknown }) {
    super({ code, message, cause: options?.cause })
  }
}
