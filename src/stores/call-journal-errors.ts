import { StoreError } from '../pool/store-contract.ts'
import { toStoreError } from './sqlite-errors.ts'

/** As `toStoreError`, with advice that fits stories: nothing in `calls.db` is needed to serve calls. */
export function toJournalError(error: unknown, path: string): unknown {
  const known = toStoreError(error, path)
  if (!(known instanceof StoreError)) return known
  if (known.code === 'damaged') {
    const message = `${path} cannot be read as a journal of calls; it was left as it is. Move it away: a new one is made, and no credential is in it`
    return new StoreError('damaged', message, { cause: error })
  }
  if (known.code === 'full') return new StoreError('full', `${path}: the disk or quota is full`, { cause: error })
  return known
}
