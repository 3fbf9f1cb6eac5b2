import { credentialsAndBenches } from './0001-credentials-and-benches.ts'
import { readingsPlacesSessions } from './0002-readings-places-sessions.ts'
import { refreshes } from './0003-refreshes.ts'
import { referencesAndRetiredKeys } from './0004-references-and-retired-keys.ts'
import type { Migration } from './migration.ts'

/** In order. The last one is the schema that this version reads and writes. */
export const MIGRATIONS: readonly Migration[] = [
  credentialsAndBenches,
  readingsPlacesSessions,
  refreshes,
  referencesAndRetiredKeys,
]
