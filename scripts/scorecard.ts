import { FAILURE_KINDS, type FailureKind } from '../src/simulator/index.ts'
import { ask } from '../test/support/client.ts'
import { startWorld } from '../test/support/world.ts'

/** Plays every failure kind on every wire, streaming and not, and prints what became of the call as a table. Exit code 1 when a row is not as it should be. */
const LIMITS = { firstByteMs: 150, idleMs: 150, deadlineMs: 5_000, holdMs: 4_000 }
const WIRES = ['responses', 'chat-completions', 'messages'] as const
const MODES = ['stream', 'body'] as const

const kinds = [...new Set(FAILURE_KINDS.map(({ kind }) => kind))]
const width = Math.max(...kinds.map((kind) => kind.length))
let wrong = 0

console.log(
  'Two credentials, the first fails this way each time. ✓ rescued by the other one · ! told honestly, nothing to rescue · - cannot happen · ✗ wrong (outcome, label, bench or status)\n',
)
console.log(`${'kind'.padEnd(width)}  ${'label'.padEnd(17)}  ${WIRES.map((wire) => wire.padEnd(17)).join('')}`)
console.log(`${''.padEnd(width)}  ${''.padEnd(17)}  ${WIRES.map(() => 'stream  body'.padEnd(17)).join('')}`)
for (const kind of kinds) {
  const cells: string[] = []
  for (const wire of WIRES) {
    const marks = []
    for (const mode of MODES)
      marks.push(await play(FAILURE_KINDS.find((row) => row.kind === kind && row.wire === wire && row.mode === mode)))
    cells.push(
      marks
        .map((mark) => mark.padEnd(8))
        .join('')
        .padEnd(17),
    )
  }
  const label = FAILURE_KINDS.find((row) => row.kind === kind)?.label ?? ''
  console.log(`${kind.padEnd(width)}  ${label.padEnd(17)}  ${cells.join('')}`.trimEnd())
}
const rescued = FAILURE_KINDS.filter(
  ({ rescuer, afterOutput }) => rescuer !== 'nobody' && afterOutput === undefined,
).length
console.log(
  `\n${FAILURE_KINDS.length} rows: ${rescued} to be rescued, ${FAILURE_KINDS.length - rescued} to be told; ${wrong} wrong`,
)
process.exitCode = wrong === 0 ? 0 : 1

async function play(row: FailureKind | undefined): Promise<string> {
  if (row === undefined) return '-'
  const credentials = { 'tok-a': { steps: [row.step] }, 'tok-b': {} }
  const world = await startWorld({
    sides: [
      {
        provider: row.wire === 'messages' ? 'anthropic' : 'openai',
        scenario: { name: row.kind, description: '', credentials },
      },
    ],
    limits: LIMITS,
  })
  try {
    const { ending, said, status } = await ask(world.gateway.url, row.wire, row.mode === 'stream')
    const isRescue = row.rescuer !== 'nobody' && row.afterOutput === undefined
    const told = ending === 'error' && status === (row.afterOutput === true ? 200 : row.status)
    const ended = world.events.find((event) => event.type === 'call_ended')
    const failed = world.events.find((event) => event.type === 'attempt_failed')
    const label = row.afterOutput === true ? ended?.label : failed?.label
    const { benches } = await world.store.snapshot()
    // The right answer for the wrong reason is wrong: the next call pays for it.
    const judged = label === row.label && benches.map(({ reason }) => reason).join() === (row.benched ? row.label : '')
    const right = judged && (isRescue ? ending === 'complete' && said !== '' : told)
    if (!right) wrong += 1
    return right ? (isRescue ? '✓' : '!') : '✗'
  } finally {
    await world.close()
  }
}
