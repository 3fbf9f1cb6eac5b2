/** Exit codes of the command line. Scripts depend on them. */
export const EXIT = { done: 0, failed: 1, usage: 2, nothingAvailable: 3, notAuthorised: 4, cannotReach: 5 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends a command: what happened, why, and what to do next. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exit: ExitCode
  readonly next: string | undefined
  constructor(exit: ExitCode, message: string, next?: string) {
    super(message)
    this.exit = exit
    this.next = next
  }
}
