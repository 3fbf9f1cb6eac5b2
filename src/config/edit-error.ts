/** A configuration could not be edited; the file is as it was. */
export class ConfigEditError extends Error {
  override readonly name = 'ConfigEditError'
  /** `invalid` the file or the change is wrong · `busy` somebody else edits · `unwritable` the disk or the permissions say no */
  readonly code: 'invalid' | 'busy' | 'unwritable'
  constructor(code: ConfigEditError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** The system's code (`ENOSPC`, `EACCES`): its message would show paths. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
