import { asArray, asObject, type JsonObject } from '../json.ts'
import type { LossReport } from './loss-report.ts'
import type { Part } from './conversation.ts'

/** Reads content that is a text or a list of parts, as it is in every protocol. @param one reads one part */
export function readParts(
  content: unknown,
  report: LossReport,
  one: (part: JsonObject, report: LossReport) => readonly Part[],
): readonly Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return asArray(content).flatMap((each) => one(asObject(each) ?? {}, report))
}
