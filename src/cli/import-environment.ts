import { PROVIDERS } from '../providers/_registry.ts'
import type { CliContext } from './context.ts'
import { type Findings, foundReference } from './found-credential.ts'

/** Keys in the environment, as references: the keys themselves are not stored. */
export function importEnvironment(context: CliContext): Promise<Findings> {
  const found = Object.values(PROVIDERS).flatMap(({ id, environmentVariables }) =>
    environmentVariables.flatMap((variable) => {
      const key = context.environment.read(variable)
      return key === undefined ? [] : [foundReference(id, variable, key)]
    }),
  )
  return Promise.resolve({ found, skipped: [] })
}
