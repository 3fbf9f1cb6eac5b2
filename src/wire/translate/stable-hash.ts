/** 16 hex digits that depend on the text alone (two runs of FNV-1a over UTF-16 units). For names and ids, not for secrets. */
export function stableHash(text: string): string {
  let one = 0x811c9dc5
  let two = 0x9e3779b9
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    one = Math.imul(one ^ unit, 0x01000193)
    two = Math.imul(two ^ unit, 0x85ebca6b) ^ (two >>> 13)
  }
  return hex(one) + hex(two)
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
