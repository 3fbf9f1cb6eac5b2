/** The link with its blanks as `%20`: some servers take the `+` of a form for a plus. */
export function withoutPlus(url: URL): string {
  return url.href.replace(/\+/g, '%20')
}
