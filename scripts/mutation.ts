import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeMutationPage } from './mutation-page.ts'
import { MUTATION_ROOMS, mutatedBy } from './mutation-rooms.ts'

/**
 * `npm run mutation -- failure pool`: mutation score of these rooms; `-- src/failure/layers.ts`: of this file, against the tests of its room.
 * Takes many minutes, so it is not a part of `npm run check`.
 */
const words = process.argv.slice(2)
const flags = words.filter((word) => word.startsWith('-'))
const asked = words.filter((word) => !word.startsWith('-'))
const targets = asked.length === 0 ? ['failure'] : asked
const strangers = targets.filter((target) => !MUTATION_ROOMS.includes(roomOf(target)) || !isThere(target))
if (strangers.length > 0) {
  console.error(`no such room or file: ${strangers.join(', ')}. Rooms: ${MUTATION_ROOMS.join(', ')}`)
  process.exit(2)
}
const rooms = [...new Set(targets.map(roomOf))]
const mutate = targets.flatMap((target) => (isFile(target) ? [target] : mutatedBy([target])))
const { status } = spawnSync(
  process.execPath,
  ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', '--mutate', mutate.join(','), ...flags],
  {
    stdio: 'inherit',
    env: { ...process.env, SPAREKEY_MUTATION_ROOMS: rooms.join(','), SPAREKEY_MUTATED: mutate.join(',') },
  },
)
writeMutationPage()
process.exit(status ?? 1)

function isFile(target: string): boolean {
  return target.endsWith('.ts')
}

/** Without it Stryker measures nothing and the page keeps its old row as if it had. */
function isThere(target: string): boolean {
  return !isFile(target) || existsSync(target)
}

/** `src/failure/layers.ts` stands in the room `failure`. */
function roomOf(target: string): string {
  return isFile(target) ? (target.split('/')[1] ?? '') : target
}
