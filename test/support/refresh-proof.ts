import { readFileSync } from 'node:fs'

/** One line of the log that the processes of a storm share. */
export interface RefreshStep {
  readonly step: 'claimed' | 'sent' | 'answered' | 'aside' | 'committed' | 'superseded' | 'ended'
  /** Of a clock that all processes of the machine share. */
  readonly atMs: number
  readonly pid: number
  readonly credentialId?: string
  readonly generation?: number
  readonly holder?: string
  /** Of the refresh token. */
  readonly fingerprint?: string
}

export interface Kill {
  readonly pid: number
  /** Just before the signal was sent. */
  readonly atMs: number
}

/** A refresh token that came to the server again. */
export interface Reuse {
  readonly fingerprint: string
  /** Who sent it first: killed between the POST and the pair lying beside the store, or the reuse is none of the named window. */
  readonly inWindow: boolean
  /** From the first POST to the kill, ms. */
  readonly killedAfterMs: number | undefined
  /** How often it was sent after a process that lives had been refused with it and had said so. */
  readonly sentAfterVerdict: number
  readonly story: readonly RefreshStep[]
}

export interface RefreshProof {
  readonly reuses: readonly Reuse[]
  /** Claims that were taken over from a process that had not been killed. */
  readonly overtakes: ReadonlyArray<readonly [RefreshStep, RefreshStep]>
  /** Claims taken over from a killed process: how long after its death, ms. */
  readonly takenOverAfterMs: readonly number[]
  /** Pairs that a killed process had put beside the store and not committed: saved. */
  readonly savedPairs: number
  readonly postToAnswerMs: Spread
  /** The window that is our own doing. */
  readonly answerToAsideMs: Spread
  readonly answerToCommitMs: Spread
  readonly postToAsideMs: Spread
}

export interface Spread {
  readonly count: number
  readonly median: number
  readonly p99: number
  readonly most: number
}

/** Ms of the machine's monotonic clock. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export function readSteps(path: string): readonly RefreshStep[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as RefreshStep)
}

/** @param reused fingerprints of refresh tokens that the server saw again, or would see again */
export function proveRefreshes(
  steps: readonly RefreshStep[],
  kills: readonly Kill[],
  reused: readonly string[],
): RefreshProof {
  const killOf = new Map(kills.map((kill) => [kill.pid, kill]))
  const flights = steps.filter(({ step }) => step === 'sent').map((sent) => flightOf(sent, steps))
  const times = (from: 'sent' | 'answered', to: 'answered' | 'aside' | 'committed') =>
    spread(
      flights.flatMap((flight) => {
        const [begin, end] = [flight.get(from), flight.get(to)]
        return begin === undefined || end === undefined ? [] : [end.atMs - begin.atMs]
      }),
    )
  const { overtakes, takenOverAfterMs } = followClaims(steps, killOf)
  return {
    reuses: reused.map((fingerprint) => {
      const first = flights.find((flight) => flight.get('sent')?.fingerprint === fingerprint)
      const sent = first?.get('sent')
      const kill = sent === undefined ? undefined : killOf.get(sent.pid)
      return {
        fingerprint,
        inWindow:
          first !== undefined &&
          kill !== undefined &&
          !first.has('aside') &&
          !first.has('committed') &&
          !first.has('ended'),
        killedAfterMs: sent === undefined || kill === undefined ? undefined : kill.atMs - sent.atMs,
        sentAfterVerdict: sentAfterVerdict(
          flights.filter((flight) => flight.get('sent')?.fingerprint === fingerprint),
          killOf,
        ),
        story: steps.filter(
          (each) =>
            each.fingerprint === fingerprint || (sent !== undefined && each.pid === sent.pid && each.atMs >= sent.atMs),
        ),
      }
    }),
    overtakes,
    takenOverAfterMs,
    savedPairs: flights.filter((flight) => {
      const pid = flight.get('sent')?.pid ?? 0
      return killOf.has(pid) && flight.has('aside') && !flight.has('committed') && !flight.has('superseded')
    }).length,
    postToAnswerMs: times('sent', 'answered'),
    answerToAsideMs: times('answered', 'aside'),
    answerToCommitMs: times('answered', 'committed'),
    postToAsideMs: times('sent', 'aside'),
  }
}

/** What the process that sent a token did with it afterwards. */
function flightOf(sent: RefreshStep, steps: readonly RefreshStep[]): ReadonlyMap<RefreshStep['step'], RefreshStep> {
  const claim = steps.findLast(
    (each) =>
      each.step === 'claimed' &&
      each.pid === sent.pid &&
      each.fingerprint === sent.fingerprint &&
      each.atMs <= sent.atMs,
  )
  const flight = new Map([['sent', sent] as [RefreshStep['step'], RefreshStep]])
  for (const each of steps) {
    if (each.pid !== sent.pid || each.atMs < sent.atMs || flight.has(each.step)) continue
    const isSame =
      each.fingerprint === undefined
        ? each.credentialId === claim?.credentialId && each.generation === claim?.generation
        : each.step === 'answered' && each.fingerprint === sent.fingerprint
    if (isSame) flight.set(each.step, each)
  }
  return flight
}

function sentAfterVerdict(
  flights: ReadonlyArray<ReadonlyMap<RefreshStep['step'], RefreshStep>>,
  killOf: ReadonlyMap<number, Kill>,
): number {
  const toldAtMs = flights.flatMap((flight) => {
    const ended = flight.get('ended')
    // Who was killed right after it may not have had the time to tell the pool.
    return ended === undefined || killOf.has(ended.pid) ? [] : [ended.atMs]
  })
  const firstToldAtMs = Math.min(...toldAtMs)
  return flights.filter((flight) => (flight.get('sent')?.atMs ?? 0) > firstToldAtMs).length
}

function followClaims(
  steps: readonly RefreshStep[],
  killOf: ReadonlyMap<number, Kill>,
): Pick<RefreshProof, 'overtakes' | 'takenOverAfterMs'> {
  const overtakes: Array<readonly [RefreshStep, RefreshStep]> = []
  const takenOverAfterMs: number[] = []
  const holding = new Map<string, RefreshStep>()
  for (const each of [...steps].sort((a, b) => a.atMs - b.atMs)) {
    const name = `${each.credentialId} ${each.generation}`
    const before = holding.get(name)
    if (each.step === 'claimed') {
      if (before !== undefined && before.holder !== each.holder) {
        const kill = killOf.get(before.pid)
        if (kill === undefined || kill.atMs > each.atMs) overtakes.push([before, each])
        else takenOverAfterMs.push(each.atMs - kill.atMs)
      }
      holding.set(name, each)
    } else if (each.step === 'committed' || (each.step === 'ended' && before?.holder === each.holder)) {
      holding.delete(name)
    }
  }
  return { overtakes, takenOverAfterMs }
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (part: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 100) / 100
  return { count: sorted.length, median: at(0.5), p99: at(0.99), most: at(1) }
}
