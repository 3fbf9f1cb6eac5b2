/** The words that name the command that repairs a dead login. */
export function signInAgain({ provider, label }: { readonly provider: string; readonly label: string }): string {
  const quoted = /^[\w.@+-]+$/.test(label) ? label : `'${label.replaceAll("'", `'\\''`)}'`
  return `Sign in again: sparekey auth login ${provider} --label ${quoted}`
}
