import { fetchOver } from '../fetch/fetch-over.ts'
import type { Platform } from '../platform/platform.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { WireName } from '../wire/wire.ts'
import { type AiSdkPackages, makersOf, type PackagedModel } from './packages.ts'

export interface LanguageModelTerms {
  /** Whose pool is asked first, then the configured `fallback`. @default the chain that the configuration has for the model */
  readonly provider?: string
  /** @default the installed `@ai-sdk/openai` and `@ai-sdk/anthropic`; to be given where a bundler would not find them */
  readonly packages?: AiSdkPackages
}

/**
 * A model to give to the AI SDK. Its types are written so that they fit `LanguageModel` of every major version, since which one
 * is installed is not known here: give it to `generateText` and the like, and call nothing of it yourself.
 */
export interface AiSdkLanguageModel {
  readonly specificationVersion: never
  readonly provider: string
  readonly modelId: string
  readonly supportedUrls: Promise<never>
  doGenerate(options: unknown): Promise<never>
  doStream(options: unknown): Promise<never>
}

/** A model over a runtime that may be opened only when it is first needed. @throws SparekeyError `package_missing` */
export function languageModelOver(
  open: () => Runtime | Promise<Runtime>,
  platform: Platform,
  model: string,
  terms: LanguageModelTerms,
): AiSdkLanguageModel {
  const makers = makersOf(terms.packages)
  const fetch = fetchOver(open, platform, { provider: terms.provider, givenUp: 'throw' })
  const models = new Map([...makers].map(([wire, make]) => [wire, make(model, fetch)] as const))
  const [any] = models.values()
  const chosen = async () => {
    const wires = await wiresFor(await open(), model, terms.provider)
    const wire = wires.find((each) => models.has(each)) ?? [...models.keys()][0]
    return { wire, packaged: (wire === undefined ? undefined : models.get(wire)) ?? any } as Chosen
  }
  const made = {
    specificationVersion: any?.specificationVersion,
    provider: 'sparekey',
    modelId: model,
    // Asked before anything is sent; a home that cannot be opened is told by the call.
    get supportedUrls() {
      return chosen().then(
        ({ packaged }) => packaged.supportedUrls,
        () => ({}),
      )
    },
    async doGenerate(options: unknown) {
      const { wire, packaged } = await chosen()
      return packaged.doGenerate(adapted(wire, options) as never)
    },
    async doStream(options: unknown) {
      const { wire, packaged } = await chosen()
      return packaged.doStream(adapted(wire, options) as never)
    },
  }
  return made as AiSdkLanguageModel
}

interface Chosen {
  readonly wire: WireName
  readonly packaged: PackagedModel
}

/** What the first route of a model speaks, its own protocol first: then nothing needs to be translated. */
async function wiresFor(runtime: Runtime, model: string, provider: string | undefined): Promise<readonly WireName[]> {
  // Where several providers could be meant, the name tells which protocol it was made for.
  const asked: WireName = /(^|\/)claude/i.test(model) ? 'messages' : 'responses'
  const resolved =
    provider === undefined ? await runtime.resolveChain(model, asked) : await runtime.chainFrom(provider, model)
  const wires = resolved.kind === 'chain' ? (resolved.chain[0]?.wires ?? []) : []
  return [...wires, asked]
}

/**
 * The Responses API would keep the conversation at one account, and another one could not go on with it: the whole of it is sent instead,
 * unless the program says `store` itself.
 */
function adapted(wire: WireName, options: unknown): unknown {
  if (wire !== 'responses' || typeof options !== 'object' || options === null) return options
  const given = 'providerOptions' in options ? (options.providerOptions as Readonly<Record<string, object>>) : {}
  return { ...options, providerOptions: { ...given, openai: { store: false, ...given?.['openai'] } } }
}
