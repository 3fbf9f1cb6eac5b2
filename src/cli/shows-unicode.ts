import type { Environment } from '../platform/environment.ts'

/**
 * Whether the terminal shows more than ASCII: unless the locale names another encoding, or it is the Linux console.
 * A locale that is not set at all says nothing: containers have none, and their terminals read UTF-8.
 */
export function showsUnicode(environment: Environment): boolean {
  if (environment.read('TERM') === 'linux') return false
  const locale = environment.read('LC_ALL') ?? environment.read('LC_CTYPE') ?? environment.read('LANG')
  return locale === undefined || /utf-?8/i.test(locale)
}
