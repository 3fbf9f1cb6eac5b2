/**
 * Every way in which one secret turns up in text: as it is, inside JSON (once and twice quoted), URL-encoded, form-encoded, base64
 * (alone, and as a part of something longer such as the `user:secret` of Basic authentication), and hexadecimal.
 */
export function formsOf(secret: string): ReadonlySet<string> {
  const bytes = Buffer.from(secret)
  const once = jsonQuoted(secret)
  const percent = safely(() => encodeURIComponent(secret))
  const strict = percent.replace(/[!'()*~]/g, (sign) => percentOf(sign))
  const forms = [
    secret,
    once,
    jsonQuoted(once),
    // PHP and others quote the slash as well.
    once.replaceAll('/', '\\/'),
    percent,
    strict,
    strict.replaceAll('%20', '+'),
    new URLSearchParams([['', secret]]).toString().slice(1),
    safely(() => encodeURI(secret)),
    encodeURIComponent(percent),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64Forms(bytes),
  ]
  // Both cases of %2F are in use.
  const lower = forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))
  return new Set([...forms, ...lower])
}

/** Base64 of the secret at each of the three places that it can have in a longer text; characters shared with neighbours are left out. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const shared = (offset + bytes.length) % 3 === 0 ? 0 : 1
    const own = whole.slice(offset === 0 ? 0 : offset + 1, whole.length - shared)
    return [own, own.replaceAll('+', '-').replaceAll('/', '_'), percentOfBase64(own)]
  })
}

function percentOfBase64(text: string): string {
  return text.replace(/[+/]/g, percentOf)
}

function percentOf(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

function jsonQuoted(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** A lone surrogate cannot be URL-encoded; then there is no such form. */
function safely(encode: () => string): string {
  try {
    return encode()
  } catch {
    return ''
  }
}
