/**
 * Changes that make a refused request acceptable, and the failures they can mend. In this order; each is tried once a call.
 * Nobody is benched for a refused request, and a repair costs no retry.
 */
export const REPAIRS = {
  previous_response:
    'An answer that its own account does not have any more: the kept conversation is sent instead, where some are kept (`history`).',
  bound_state: 'Encrypted reasoning that the provider cannot read is left out.',
  thinking_signature:
    'Thinking whose signature is refused is left out; where it is demanded, the call goes on without thinking.',
  beta_header: 'Refused features are taken out of `anthropic-beta`.',
  output_limit: 'The limit for the answer is brought to what the provider says that fits.',
  unsupported_parameter: 'A parameter that the provider does not take is left out, if it is a wish or a hint.',
  image: 'A refused image is left out, with a note in its place.',
  tool_schema: 'Keywords that the provider does not understand are taken out of the schemas of tools.',
  roles: 'Turns are joined and ordered as the provider wants them.',
} as const satisfies Record<string, string>

export type RepairName = keyof typeof REPAIRS

export const REPAIR_NAMES = Object.keys(REPAIRS) as readonly RepairName[]
