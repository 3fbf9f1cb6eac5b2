/** Tokens as a provider counted them. */
export interface OverflowSize {
  readonly sent: number
  readonly most: number
}

const WORDINGS: ReadonlyArray<{ readonly text: RegExp; readonly most: 1 | 2 }> = [
  { text: /prompt is too long: (\d+) tokens > (\d+)/i, most: 2 },
  { text: /token count \(?(\d+)\)? exceeds the maximum number of tokens allowed \(?(\d+)/i, most: 2 },
  { text: /current length is (\d+) while limit is (\d+)/i, most: 2 },
  {
    text: /context (?:length|window|size)[^\d]{0,60}?(\d+)[^]{0,60}?(?:resulted in|requested|has|contains|got)[^\d]{0,20}(\d+)/i,
    most: 1,
  },
  { text: /\((\d+) tokens\)[^]{0,60}?context (?:length|window|size)[^\d]{0,30}(\d+)/i, most: 2 },
  { text: /(\d+) (?:tokens )?> (\d+)/i, most: 2 },
]

/** How far a conversation is over the limit, when the provider says so in numbers. */
export function overflowSize(message: string): OverflowSize | undefined {
  const text = message.replace(/(\d),(?=\d{3}\b)/g, '$1')
  for (const wording of WORDINGS) {
    const found = wording.text.exec(text)
    if (found === null) continue
    const [first, second] = [Number(found[1]), Number(found[2])]
    const most = wording.most === 1 ? first : second
    const sent = wording.most === 1 ? second : first
    return sent > most && most > 0 ? { sent, most } : undefined
  }
  return undefined
}
