import { spawnSync } from 'node:child_process'
import { writeMutationPage } from './mutation-page.ts'
import { MUTATION_ROOMS, mutatedBy } from './mutation-rooms.ts'

/** `npm run mutation -- failure pool`: mutation score of these rooms. Takes many minutes, so it is not a part of `npm run check`. */
const words = process.argv.slice(2)
const flags = words.filter((word) => word.startsWith('-'))
const asked = words.filter((word) => !word.startsWith('-'))
const rooms = asked.length === 0 ? ['failure'] : asked
const strangers = rooms.filter((room) => !MUTATION_ROOMS.includes(room))
if (strangers.length > 0) {
  console.error(`no such room: ${strangers.join(', ')}. Known: ${MUTATION_ROOMS.join(', ')}`)
  process.exit(2)
}
const { status } = spawnSync(
  process.execPath,
  ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', '--mutate', mutatedBy(rooms).join(','), ...flags],
  { stdio: 'inherit', env: { ...process.env, SPAREKEY_MUTATION_ROOMS: rooms.join(',') } },
)
writeMutationPage()
process.exit(status ?? 1)
