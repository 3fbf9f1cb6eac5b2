/**
 * Takes a command apart the way a shell quotes (spaces, '...', "...", backslash), and does nothing else that a shell does: no variables,
 * no pipes, no globs. A text that begins with `[` is a JSON list of words.
 * @returns undefined when a quote is not closed, or nothing is left
 */
export function commandWords(text: string): readonly string[] | undefined {
  if (text.trimStart().startsWith('[')) return listOf(text)
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? ''
    if (quote === "'") {
      if (character === quote) quote = ''
      else word = `${word ?? ''}${character}`
    } else if (character === '\\' && (quote === '' || /["\\]/.test(text[index + 1] ?? ''))) {
      index += 1
      word = `${word ?? ''}${text[index] ?? ''}`
    } else if (quote === '' && (character === "'" || character === '"')) {
      quote = character
      word ??= ''
    } else if (quote !== '' && character === quote) quote = ''
    else if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = `${word ?? ''}${character}`
  }
  if (word !== undefined) words.push(word)
  return quote === '' && words.length > 0 ? words : undefined
}

function listOf(text: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) && list.length > 0 && list.every((each) => typeof each === 'string') ? list : undefined
  } catch {
    return undefined
  }
}
