/** The part of a request's URL that routes it. */
export interface Target {
  readonly pathname: string
  /** With its `?`; empty otherwise. */
  readonly search: string
}

/** Plain paths, as every client sends them: nothing to take apart. */
const PLAIN = /^\/[A-Za-z0-9_/-]*$/

/** `//host/path` and absolute forms must not change what the path means. */
export function targetOf(target: string | undefined): Target {
  if (target !== undefined && PLAIN.test(target) && !target.startsWith('//')) return { pathname: target, search: '' }
  try {
    return new URL((target ?? '/').replace(/^\/{2,}/, '/'), 'http://gateway.invalid')
  } catch {
    return { pathname: '/invalid-target', search: '' }
  }
}
