/** Where a secret belongs: authenticated with it, so that an envelope copied to another row does not open. */
export function placeOf(credentialId: string, generation: number): string {
  return `secret\n${credentialId}\n${generation}`
}
