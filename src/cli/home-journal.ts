import { StoreError } from '../pool/store-contract.ts'
import { hasCallJournal, openCallJournal } from '../stores/open-call-journal.ts'
import type { CallJournal } from '../telemetry/call-journal.ts'
import { CliError, EXIT } from './cli-error.ts'
import { type CliContext, homeFor } from './context.ts'

/** The journal of the home, for a gateway. @returns undefined, after saying why, when there is none: calls are served all the same */
export async function openJournalToWrite(context: CliContext): Promise<CallJournal | undefined> {
  const { terminal, platform } = context
  try {
    const home = { homeDirectory: homeFor(context).directory, onNotice: (message: string) => terminal.err(message) }
    return await openCallJournal(home, platform)
  } catch (error) {
    terminal.err(`calls are not recorded: ${error instanceof Error ? error.message : 'unknown'}`)
    return undefined
  }
}

/**
 * The journal of the home, for reading.
 * @returns undefined when no call was ever recorded; nothing is created then
 * @throws CliError that says what to do
 */
export async function openJournalToRead(context: CliContext): Promise<CallJournal | undefined> {
  const homeDirectory = homeFor(context).directory
  if (!hasCallJournal(homeDirectory)) return undefined
  try {
    return await openCallJournal({ homeDirectory, reading: true }, context.platform)
  } catch (error) {
    throw error instanceof StoreError ? new CliError(EXIT.failed, error.message) : error
  }
}
