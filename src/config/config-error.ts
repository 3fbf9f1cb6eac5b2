import { SparekeyError } from '../failure/sparekey-error.ts'
import { type ConfigProblem, describeProblem } from './config.ts'

/** The configuration, or what was given beside it, cannot be right. Every problem is in the message and in `problems`. */
export class SparekeyConfigError extends SparekeyError {
  override readonly name = 'SparekeyConfigError'
  readonly problems: readonly ConfigProblem[]
  constructor(problems: readonly ConfigProblem[]) {
    super({ code: 'config_invalid', message: problems.map(describeProblem).join('\n') })
    this.problems = problems
  }
}
