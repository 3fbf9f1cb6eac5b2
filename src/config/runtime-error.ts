import { SparekeyError } from '../failure/sparekey-error.ts'

/** What this program runs on lacks something that nothing here can stand in for. */
export class UnsupportedRuntimeError extends SparekeyError {
  override readonly name = 'UnsupportedRuntimeError'
  constructor() {
    super({
      code: 'runtime_unsupported',
      message: 'this runtime brings no whole undici, which sends the requests',
      hint: 'use Node >= 20.19 or Deno, or run "sparekey serve" beside this program and point its client there',
    })
  }
}
