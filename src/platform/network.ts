/** Header pairs in wire order; names as received, compared without case. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>

export interface NetworkRequest {
  readonly method: string
  /** Absolute http(s) URL. */
  readonly url: string
  readonly headers: HeaderList
  readonly body?: Uint8Array | undefined
  /** Outbound proxy URL, if the provider is configured with one. */
  readonly proxy?: string | undefined
  /** false: never HTTP/2. @default where an https origin offers it and no proxy stands between */
  readonly http2?: boolean | undefined
}

export interface NetworkTimeouts {
  /** TCP + TLS connect, ms. */
  readonly connectMs: number
  /** From the request being sent to the first response header, ms. */
  readonly firstByteMs: number
  /** Longest silence between two body chunks, ms. */
  readonly idleMs: number
}

export interface NetworkAnswer {
  readonly status: number
  readonly headers: HeaderList
  /**
   * Body chunks as they arrive, already without transfer encoding; content-encoding is undone.
   * Throws what the transport threw (cut, idle timeout). Returning early (`return()`) cancels the upstream at once.
   */
  readonly body: AsyncIterable<Uint8Array>
}

/** As much of an `AbortSignal` as a request needs; a real one fits. Making one costs as much as sending a header. */
export interface CutSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** The only door to other machines. Never follows a redirect: a credential must not travel to another host. */
export interface Network {
  /** @throws the transport's own error (ECONNREFUSED, UND_ERR_HEADERS_TIMEOUT, AbortError ...); the relay turns it into evidence. */
  send(request: NetworkRequest, timeouts: NetworkTimeouts, signal: CutSignal): Promise<NetworkAnswer>
  /** Makes a connection ahead of the first call, where that saves it a handshake. Sends nothing on it, and never throws. */
  prepare?(place: Pick<NetworkRequest, 'url' | 'proxy' | 'http2'>, connectMs: number): Promise<void>
  close(): Promise<void>
}
