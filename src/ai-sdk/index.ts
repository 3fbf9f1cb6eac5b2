import { systemPlatform } from '../platform/platform.ts'
import { LazyRuntime } from '../runtime/lazy-runtime.ts'
import type { SparekeyOptions } from '../runtime/open-runtime.ts'
import { type AiSdkLanguageModel, languageModelOver, type LanguageModelTerms } from './language-model.ts'

/** Makes models for the AI SDK; opens its home by itself, at the first call. */
export interface SparekeyProvider {
  /** @throws SparekeyError `package_missing` */
  (model: string): AiSdkLanguageModel
  languageModel(model: string): AiSdkLanguageModel
  /** Must be called before the program can end by itself. */
  close(): Promise<void>
}

/**
 * Language models for the Vercel AI SDK, as its own packages make them. Works like `createSparekey(options).languageModel(model, terms)`.
 * A call that nobody could answer throws a `SparekeyError` that the SDK takes for its own `APICallError` and does not retry.
 */
export function createSparekeyProvider(options: SparekeyOptions & LanguageModelTerms = {}): SparekeyProvider {
  const { provider, packages, ...where } = options
  const runtime = new LazyRuntime(where, provider === undefined ? [] : [provider])
  const terms = {
    ...(provider === undefined ? {} : { provider }),
    ...(packages === undefined ? {} : { packages }),
  }
  const languageModel = (model: string) => languageModelOver(() => runtime.open(), systemPlatform, model, terms)
  const close = () => runtime.close()
  return Object.assign((model: string) => languageModel(model), { languageModel, close })
}

export { type ErrorAttempt, SparekeyError, type SparekeyErrorFacts } from '../failure/sparekey-error.ts'
export type { SparekeyOptions } from '../runtime/open-runtime.ts'
export { sparekeyErrorOf } from '../wire/thrown-error.ts'
export type { AiSdkLanguageModel, LanguageModelTerms } from './language-model.ts'
export type { AiSdkPackages, PackagedModel, PackageSettings } from './packages.ts'
