import { createRequire } from 'node:module'
import { SparekeyError } from '../failure/sparekey-error.ts'
import type { SparekeyFetch } from '../fetch/fetch.ts'
import type { WireName } from '../wire/wire.ts'

/** What a package of the AI SDK makes of a model's name. Its types differ from major to major; what is called here does not. */
export interface PackagedModel {
  readonly specificationVersion: string
  readonly supportedUrls: unknown
  doGenerate(options: never): PromiseLike<unknown>
  doStream(options: never): PromiseLike<unknown>
}

/** What a package is told. */
export interface PackageSettings {
  readonly baseURL: string
  readonly apiKey: string
  readonly fetch: SparekeyFetch
}

/** The AI SDK's own packages, which know its protocols. Programs that are bundled give them; others need not. */
export interface AiSdkPackages {
  /** Of `@ai-sdk/openai`. */
  readonly createOpenAI?: (settings: PackageSettings) => {
    responses(model: string): PackagedModel
    chat(model: string): PackagedModel
  }
  /** Of `@ai-sdk/anthropic`. */
  readonly createAnthropic?: (settings: PackageSettings) => { languageModel(model: string): PackagedModel }
}

/** Makes a model that speaks one protocol. */
export type ModelMaker = (model: string, fetch: SparekeyFetch) => PackagedModel

/** Nothing of it is reached: our `fetch` looks at the path alone. */
const settings = (fetch: SparekeyFetch) => ({ baseURL: 'http://sparekey.invalid/v1', apiKey: 'unused', fetch })

/**
 * The protocols that the packages speak.
 * @param given @default those that are installed beside this package
 * @throws SparekeyError `package_missing` when there is none
 */
export function makersOf(given: AiSdkPackages = installed()): ReadonlyMap<WireName, ModelMaker> {
  const { createOpenAI, createAnthropic } = given
  const makers = new Map<WireName, ModelMaker>()
  if (createOpenAI !== undefined) {
    makers.set('responses', (model, fetch) => createOpenAI(settings(fetch)).responses(model))
    makers.set('chat-completions', (model, fetch) => createOpenAI(settings(fetch)).chat(model))
  }
  if (createAnthropic !== undefined) {
    makers.set('messages', (model, fetch) => createAnthropic(settings(fetch)).languageModel(model))
  }
  if (makers.size > 0) return makers
  throw new SparekeyError({
    code: 'package_missing',
    message: 'a language model needs @ai-sdk/openai or @ai-sdk/anthropic, and neither is installed',
    hint: 'npm install @ai-sdk/openai, or give { packages: { createOpenAI } }',
  })
}

const require = createRequire(import.meta.url)

function installed(): AiSdkPackages {
  return { ...load('@ai-sdk/openai'), ...load('@ai-sdk/anthropic') }
}

function load(name: string): AiSdkPackages {
  try {
    return require(name) as AiSdkPackages
  } catch (error) {
    // Only its absence is no fault: a package that is there and broken must be seen.
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return {}
    throw error
  }
}
