import type { Source } from './conversation.ts'

/** A data URL taken apart; every other URL stays an address. */
export function sourceOfUrl(url: string): Source {
  const data = /^data:([^;,]+)(?:;[^;,]+)*;base64,/i.exec(url)
  return data === null
    ? { kind: 'url', url }
    : { kind: 'base64', mediaType: (data[1] ?? '').toLowerCase(), data: url.slice(data[0].length) }
}

export function urlOfSource(source: Source): string {
  return source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`
}
