import type { Mender } from './repair.ts'

const NAME = 'anthropic-beta'

/** Takes refused features out of `anthropic-beta`; all of them when the provider names none. */
export const mendBetaHeader: Mender = ({ message }, { wire, headers }) => {
  if (wire !== 'messages' || !/anthropic[-_]beta|\bbeta (?:flag|header|feature)/i.test(message)) return undefined
  const given = headers.filter(([name]) => name.toLowerCase() === NAME).flatMap(([, value]) => featuresOf(value))
  if (given.length === 0) return undefined
  const named = given.filter((feature) => message.includes(feature))
  const dropped = new Set(named.length > 0 ? named : given)
  return {
    what: [...dropped].join(' '),
    change: (request) => ({
      ...request,
      headers: request.headers.flatMap(([name, value]): ReadonlyArray<readonly [string, string]> => {
        if (name.toLowerCase() !== NAME) return [[name, value]]
        const kept = featuresOf(value).filter((feature) => !dropped.has(feature))
        return kept.length === 0 ? [] : [[name, kept.join(',')]]
      }),
    }),
  }
}

function featuresOf(value: string): readonly string[] {
  return value
    .split(',')
    .map((feature) => feature.trim())
    .filter((feature) => feature !== '')
}
