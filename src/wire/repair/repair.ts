import type { JsonObject } from '../json.ts'
import type { WireName } from '../wire.ts'

/** What a provider said when it refused a request. */
export interface Refusal {
  readonly message: string
  readonly code: string
  /** Which part of the request it names, with dots: `reasoning.summary`, `messages.3.content.0`; empty when it names none. */
  readonly param: string
  /** The provider says that the request as a whole is too large. */
  readonly tooLarge: boolean
}

/** The part of a request that repairs look at and change, in the provider's protocol. */
export interface Repairable {
  readonly wire: WireName
  readonly body: JsonObject
  readonly headers: ReadonlyArray<readonly [string, string]>
}

/** Makes the same change in every later attempt of the call. Gives back the very same object when there is nothing to change. */
export type Change = (request: Repairable) => Repairable

export interface Mend {
  /** In a few words, for the record of the call: `temperature`, `64000 -> 32768`. Nothing of what the caller said. */
  readonly what: string
  readonly change: Change
}

/** @returns undefined when the refusal is about something else, or nothing in the request could be changed */
export type Mender = (refusal: Refusal, request: Repairable) => Mend | undefined

/** A change of the body alone. The same request when the body stays the same. */
export function changeBody(change: (body: JsonObject, wire: WireName) => JsonObject): Change {
  return (request) => {
    const body = change(request.body, request.wire)
    return body === request.body ? request : { ...request, body }
  }
}

/** @returns undefined when the change finds nothing to change in this request */
export function mendIfChanged(what: string, request: Repairable, change: Change): Mend | undefined {
  return change(request) === request ? undefined : { what, change }
}
