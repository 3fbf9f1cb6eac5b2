import type { Failure } from '../../failure/evidence.ts'
import { asArray, asObject, asText, parseObject } from '../json.ts'
import type { Refusal } from './repair.ts'

/** The words of a failure that repairs go by. */
export function refusalOf(failure: Failure): Refusal {
  const { message, code = '', evidence } = failure
  return { message, code, param: paramOf(evidence.body), tooLarge: failure.label === 'payload_too_large' }
}

/** `tools[0].strict`, `body.store` and `["body", "store"]` are one way of saying it. */
export function dotted(path: string): string {
  return path
    .replace(/\[['"]?([^\]'"]*)['"]?\]/g, '.$1')
    .replace(/^\.+/, '')
    .replace(/^body\./, '')
}

function paramOf(body: string | undefined): string {
  const object = body === undefined ? undefined : parseObject(body)
  const error = asObject(object?.['error']) ?? asObject(asObject(object?.['response'])?.['error']) ?? object
  const param = asText(error?.['param'])
  if (param !== '') return dotted(param)
  // FastAPI: every complaint with its place.
  const place = asArray(asObject(asArray(object?.['detail'])[0])?.['loc'])
  return dotted(place.filter((each) => typeof each === 'string' || typeof each === 'number').join('.'))
}
