/**
 * Writes another model name into a request body and leaves every other character as it was. Parsing and writing anew would not:
 * 64-bit limits in tool schemas lose digits, and repeated or strange keys disappear.
 * @param text valid JSON, an object
 * @returns the new text; the same text when its top level has no `model` that is a string
 */
export function replaceModel(text: string, model: string): string {
  const told = JSON.stringify(model)
  let result = ''
  let copied = 0
  for (const { start, end } of modelValues(text)) {
    result += text.slice(copied, start) + told
    copied = end
  }
  return result + text.slice(copied)
}

/** Where the top level's `model` stands. A repeated key is legal, and readers differ in which one they take: all of them. */
function* modelValues(text: string): Generator<{ readonly start: number; readonly end: number }, void, void> {
  let depth = 0
  let isKey = false
  let key: string | undefined
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (character === '"') {
      const end = endOfString(text, index)
      if (depth === 1 && isKey) key = JSON.parse(text.slice(index, end)) as string
      else if (depth === 1 && key === 'model') yield { start: index, end }
      index = end - 1
    } else if (character === '{' || character === '[') {
      depth += 1
      isKey = depth === 1
    } else if (character === '}' || character === ']') depth -= 1
    else if (depth === 1 && character === ',') isKey = true
    else if (depth === 1 && character === ':') isKey = false
  }
}

/** @returns the index behind the closing quote */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end + 1
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text[index - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}
