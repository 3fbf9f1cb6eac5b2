import { join } from 'node:path'
import type { Environment } from '../platform/environment.ts'

/** Where everything of one user lives. */
export interface Home {
  readonly directory: string
  /** Edited by people. */
  readonly config: string
}

/** `SPAREKEY_HOME`, else `~/.sparekey`. Nothing is created here. */
export function homeOf(environment: Environment): Home {
  const directory = environment.read('SPAREKEY_HOME') ?? join(environment.homeDirectory(), '.sparekey')
  return { directory, config: join(directory, 'config.yaml') }
}
