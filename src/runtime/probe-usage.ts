import type { HeaderRecord } from '../failure/evidence.ts'
import type { HeaderList, Network } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import type { Credential, Secret } from '../pool/credential.ts'
import type { UsageAnswer } from '../pool/usage-probe.ts'
import type { Provider, UsageReading } from '../providers/provider.ts'

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
  /** Newer tokens for a login whose token was refused. @returns undefined when there are none @default there are none */
  readonly renew?: (credential: Credential, refused: Secret) => Promise<Secret | undefined>
}

/**
 * Asks a provider's usage endpoint about one credential. A 401 is no reading: the login is renewed and the question asked once more (89415).
 * Never throws. @returns undefined when nothing was learnt
 */
export async function probeUsage(
  credential: Credential,
  secret: Secret,
  dependencies: ProbeDependencies,
): Promise<UsageAnswer | undefined> {
  const first = await askUsage(credential, secret, dependencies)
  if (first?.status !== 401) return first?.usage
  const newer = await dependencies.renew?.(credential, secret)
  return newer === undefined ? undefined : (await askUsage(credential, newer, dependencies))?.usage
}

async function askUsage(
  credential: Credential,
  secret: Secret,
  dependencies: ProbeDependencies,
): Promise<{ readonly status: number; readonly usage: UsageAnswer | undefined } | undefined> {
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
    return { status: answer.status, usage: reading === undefined ? undefined : usageOf(reading) }
  } catch {
    // Refused, cut, too slow: the bench stays, and a live call will tell.
    return undefined
  } finally {
    cancel()
    cut.abort()
  }
}

function usageOf({ windows, account, modelReturns }: UsageReading): UsageAnswer {
  const { planType, credits } = account ?? {}
  return {
    windows,
    ...(planType === undefined ? {} : { planType }),
    ...(credits === undefined ? {} : { hasCredits: credits.hasCredits || credits.unlimited }),
    ...(credits?.balance === undefined ? {} : { creditsBalance: credits.balance }),
    ...(modelReturns === undefined ? {} : { modelReturns }),
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
