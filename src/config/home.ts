import { join, resolve } from 'node:path'
import type { Environment } from '../platform/environment.ts'

/** Where everything of one user lives. */
export interface Home {
  readonly directory: string
  /** Edited by people. */
  readonly config: string
  /** Failures that no row knew for sure; see `recordFailures`. */
  readonly failures: string
}

/** `SPAREKEY_HOME`, else `~/.sparekey`. Absolute; nothing is created here: whoever writes first creates it with mode 0700. */
export function homeOf(environment: Environment): Home {
  const directory = resolve(environment.read('SPAREKEY_HOME') ?? join(environment.homeDirectory(), '.sparekey'))
  return { directory, config: join(directory, 'config.yaml'), failures: join(directory, 'failures.jsonl') }
}
