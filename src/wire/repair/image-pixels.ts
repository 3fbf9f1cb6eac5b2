/** Enough of a file for its size to stand in it; JPEGs carry previews before theirs. */
const LOOKED_AT = 256 * 1024

export interface Pixels {
  readonly width: number
  readonly height: number
}

/** Width and height of a PNG, GIF, JPEG or WebP. @param source base64 or a data URL @returns undefined when they cannot be read */
export function pixelsOf(source: string): Pixels | undefined {
  const comma = source.startsWith('data:') ? source.indexOf(',') + 1 : 0
  if (/^https?:/.test(source)) return undefined
  const bytes = bytesOf(source.slice(comma, comma + LOOKED_AT))
  if (bytes === undefined || bytes.length < 24) return undefined
  const view = new DataView(bytes.buffer)
  const mark = String.fromCharCode(...bytes.subarray(0, 12))
  if (mark.startsWith('\x89PNG')) return { width: view.getUint32(16), height: view.getUint32(20) }
  if (mark.startsWith('GIF8')) return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
  if (mark.startsWith('\xff\xd8')) return jpeg(view)
  if (mark.startsWith('RIFF') && mark.endsWith('WEBP') && bytes.length >= 30) return webp(view)
  return undefined
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64.slice(0, base64.length - (base64.length % 4))), (character) =>
      character.charCodeAt(0),
    )
  } catch {
    return undefined
  }
}

/** Segment by segment up to the first frame header. */
function jpeg(view: DataView): Pixels | undefined {
  let at = 2
  while (at + 9 < view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    at += 2 + view.getUint16(at + 2)
  }
  return undefined
}

function webp(view: DataView): Pixels | undefined {
  const kind = String.fromCharCode(...[12, 13, 14, 15].map((at) => view.getUint8(at)))
  const three = (at: number) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16)
  if (kind === 'VP8X') return { width: three(24) + 1, height: three(27) + 1 }
  if (kind === 'VP8 ') return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  if (kind !== 'VP8L') return undefined
  const bits = view.getUint32(21, true)
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
}
