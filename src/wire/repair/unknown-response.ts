import type { Refusal } from './repair.ts'

const WORDING = /previous_response_id|previous response with id/i

/** The provider does not have the answer that the request goes on from, or never keeps any. */
export function isUnknownResponse({ code, param, message }: Refusal): boolean {
  return code === 'previous_response_not_found' || param === 'previous_response_id' || WORDING.test(message)
}
