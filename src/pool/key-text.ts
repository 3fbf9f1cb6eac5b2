/**
 * A key as it comes out of a file or a program: white space around it is dropped.
 * @returns the key, or what is wrong in words that follow "it"; the text itself is never quoted
 */
export function readKeyText(text: string): { readonly token: string } | { readonly problem: string } {
  const token = text.replace(/^\uFEFF/, '').trim()
  if (token === '') return { problem: 'gave nothing' }
  // A key with a line break in it would be sent as two headers; one with spaces was copied badly.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const lines = token.split('\n').length
    return {
      problem:
        lines > 1 ? `gave ${lines} lines where one key was expected` : 'gave spaces or characters that no key has',
    }
  }
  return { token }
}
