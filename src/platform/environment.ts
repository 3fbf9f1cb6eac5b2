import { homedir } from 'node:os'

/** The only door to environment variables and the user's home. */
export interface Environment {
  /** @returns undefined when the variable is not set or empty */
  read(name: string): string | undefined
  /** Names and values that begin with a prefix. */
  startingWith(prefix: string): ReadonlyArray<readonly [name: string, value: string]>
  homeDirectory(): string
}

export const systemEnvironment: Environment = {
  read(name) {
    const value = process.env[name]
    return value === undefined || value === '' ? undefined : value
  },
  startingWith: (prefix) =>
    Object.entries(process.env).flatMap(([name, value]) =>
      name.startsWith(prefix) && value !== undefined && value !== '' ? [[name, value] as const] : [],
    ),
  homeDirectory: () => homedir(),
}

/** An environment that holds just these variables; for tests and embedding. */
export function fixedEnvironment(variables: Readonly<Record<string, string>>, home = '/nonexistent'): Environment {
  return {
    read: (name) => (variables[name] === '' ? undefined : variables[name]),
    startingWith: (prefix) => Object.entries(variables).filter(([name]) => name.startsWith(prefix)),
    homeDirectory: () => home,
  }
}
