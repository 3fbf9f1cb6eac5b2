import { toIsoText } from '../platform/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type CliContext, withRuntime } from './context.ts'
import { openPicture } from './screen.ts'
import { type PoolStatus, readStatus, statusJson, statusLines } from './status.ts'
import { untilStopped } from './until-stopped.ts'

/** A verdict of another process is shown at most this late. */
const LOOK_EVERY_MS = 100
/** Times count down once a second. */
const REDRAW_EVERY_MS = 1_000

export interface WatchOptions {
  /** `false`: plain blocks one beneath the other, even on a terminal. @default true */
  readonly color?: boolean
  /** Ends the command, as Ctrl-C does. */
  readonly signal?: AbortSignal
}

/** `sparekey status --watch`: the pools as they change, until Ctrl-C. In place on a terminal; elsewhere a block for each change. */
export async function watchStatus(context: CliContext, options: WatchOptions): Promise<void> {
  const stopped = new AbortController()
  void untilStopped(options.signal).then(() => stopped.abort())
  await withRuntime(context, async (runtime) => {
    const moving = context.terminal.screen !== undefined && options.color !== false && !context.json
    await (moving ? drawInPlace : appendBlocks)(context, runtime, stopped.signal)
  })
}

async function drawInPlace(context: CliContext, runtime: Runtime, stopped: AbortSignal): Promise<void> {
  const { terminal, platform } = context
  const { screen } = terminal
  if (screen === undefined) return
  const picture = openPicture(screen)
  let resized = new AbortController()
  const stopListening = screen.onResize(() => resized.abort())
  let lines: readonly string[] = []
  try {
    while (!stopped.aborted) {
      const before = await revisionOf(runtime)
      const now = await readStatus(runtime, platform.clock.now())
      lines = blockLines(context, now, screen.columns())
      picture.draw([...lines, '', terminal.colors.dim('Ctrl-C ends')])
      resized = new AbortController()
      await untilNews(context, runtime, before, AbortSignal.any([stopped, resized.signal]))
    }
  } finally {
    stopListening()
    picture.close()
  }
  // What was seen last stays on the screen that comes back.
  for (const line of lines) terminal.out(line)
}

async function appendBlocks(context: CliContext, runtime: Runtime, stopped: AbortSignal): Promise<void> {
  const { terminal, platform } = context
  let shown = ''
  while (!stopped.aborted) {
    const before = await revisionOf(runtime)
    const now = await readStatus(runtime, platform.clock.now())
    const state = stateOf(now)
    if (state !== shown) {
      if (context.json) terminal.out(JSON.stringify({ at: toIsoText(now.atMs), ...statusJson(now) }))
      else for (const line of [...blockLines(context, now, terminal.columns), '']) terminal.out(line)
    }
    shown = state
    await untilNews(context, runtime, before, stopped)
  }
}

function blockLines({ terminal }: CliContext, now: PoolStatus, columns: number): readonly string[] {
  const at = `${toIsoText(now.atMs).slice(0, 19).replace('T', ' ')} UTC`
  const pools = statusLines({ colors: terminal.colors, columns }, now)
  return [terminal.colors.dim(at), ...(pools.length === 0 ? ['there are no credentials yet'] : pools)]
}

/** Taken before reading: a change in between is news then. */
async function revisionOf(runtime: Runtime): Promise<number> {
  return (await runtime.store.snapshot()).revision
}

/** Waits until the home has changed, a second has passed, or `signal` aborts. */
async function untilNews(
  { platform }: CliContext,
  runtime: Runtime,
  revision: number,
  signal: AbortSignal,
): Promise<void> {
  const endsAt = platform.clock.monotonic() + REDRAW_EVERY_MS
  while (!signal.aborted && platform.clock.monotonic() < endsAt && (await revisionOf(runtime)) === revision)
    await platform.timers.sleep(LOOK_EVERY_MS, signal)
}

/** What makes a new block: standings and benches, not the passing of time and not the counting of uses. */
function stateOf({ pools }: PoolStatus): string {
  return JSON.stringify(
    pools.map(({ provider, described }) => [
      provider,
      described.map((each) => [
        each.credential.id,
        each.credential.label,
        each.standing.kind,
        each.next,
        each.benches.map(({ scope, reason, untilMs, sinceMs }) => [scope, reason, untilMs, sinceMs]),
        each.quota?.windows.map(({ usedPercent, resetAt }) => [Math.round(usedPercent), resetAt]),
      ]),
    ]),
  )
}
