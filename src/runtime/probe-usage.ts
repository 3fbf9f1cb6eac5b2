import type { HeaderRecord } from '../failure/evidence.ts'
import type { HeaderList, Network } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import type { UsageAnswer } from '../pool/usage-probe.ts'
import type { Provider } from '../providers/provider.ts'

/** A call may wait for a probe: an endpoint that hangs must not cost it more than this. */
const LONGEST_PROBE_MS = 10_000
const TIMEOUTS = { connectMs: 5_000, firstByteMs: LONGEST_PROBE_MS, idleMs: LONGEST_PROBE_MS }
const LARGEST_BODY_BYTES = 256 * 1024

export interface ProbeDependencies {
  readonly network: Network
  readonly platform: Platform
  /** Where a pool's calls go, from the configuration as it is now. */
  readonly placeOf: (
    provider: string,
  ) => { readonly definition: Provider; readonly baseUrl: string; readonly proxy?: string } | undefined
  /** Told every secret before it is sent, so that logs can mask it. */
  readonly onSecret: (secret: string) => void
}

/** Asks a provider's usage endpoint about one credential. Never throws. @returns undefined when nothing was learnt */
export async function probeUsage(
  credential: Credential,
  secret: Secret,
  dependencies: ProbeDependencies,
): Promise<UsageAnswer | undefined> {
  const { network, platform, placeOf, onSecret } = dependencies
  const place = placeOf(credential.provider)
  const probe = place?.definition.usageProbe
  if (place === undefined || probe === undefined) return undefined
  onSecret(secret.token)
  const cut = new AbortController()
  const cancel = platform.timers.after(LONGEST_PROBE_MS, () => cut.abort(), { unref: true })
  try {
    const accountId = secret.accountId ?? credential.accountId
    const account = accountId === undefined ? {} : { accountId }
    const { url, headers } = probe.request({ token: secret.token, ...account }, credential.baseUrl ?? place.baseUrl)
    const answer = await network.send({ method: 'GET', url, headers, proxy: place.proxy }, TIMEOUTS, cut.signal)
    const body = await readText(answer.body)
    const reading = probe.read(answer.status, recordOf(answer.headers), body, platform.clock.now())
    if (reading === undefined) return undefined
    const { windows, account: told, modelReturns } = reading
    const { planType, credits } = told ?? {}
    return {
      windows,
      ...(planType === undefined ? {} : { planType }),
      ...(credits === undefined ? {} : { hasCredits: credits.hasCredits || credits.unlimited }),
      ...(credits?.balance === undefined ? {} : { creditsBalance: credits.balance }),
      ...(modelReturns === undefined ? {} : { modelReturns }),
    }
  } catch {
    // Refused, cut, too slow: the bench stays, and a live call will tell.
    return undefined
  } finally {
    cancel()
    cut.abort()
  }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    parts.push(chunk)
    size += chunk.length
    if (size > LARGEST_BODY_BYTES) break
  }
  return Buffer.concat(parts).subarray(0, LARGEST_BODY_BYTES).toString('utf8')
}

function recordOf(headers: HeaderList): HeaderRecord {
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))
}
