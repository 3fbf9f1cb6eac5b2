import { parseDocument } from 'yaml'
import { providerNamed } from '../providers/_registry.ts'
import type { Provider } from '../providers/provider.ts'
import { asRecord, asSecret, readBorrowed } from './borrowed-file.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { CliContext } from './context.ts'
import { type Findings, type Found, foundKey, foundReference } from './found-credential.ts'

type Fields = Readonly<Record<string, unknown>>

const ADVICE = 'give the path: sparekey auth import litellm config.yaml'
const REFERENCE = /^os\.environ\/([A-Za-z_]\w*)$/

/**
 * `config.yaml` of the LiteLLM proxy: `model_list[].litellm_params` with `api_key` (or `os.environ/NAME`) and `api_base`, and `credential_list`.
 * Source: docs.litellm.ai, proxy/configs, 2026-08.
 */
export async function importLitellm(context: CliContext, path: string | undefined): Promise<Findings> {
  const file = path ?? context.environment.read('CONFIG_FILE_PATH') ?? 'config.yaml'
  const config = parse(file, await readBorrowed(file, ADVICE))
  const shared = new Map<string, Fields>()
  for (const each of list(config['credential_list'])) {
    const entry = asRecord(each)
    const values = asRecord(entry?.['credential_values'])
    if (typeof entry?.['credential_name'] === 'string' && values !== undefined)
      shared.set(entry['credential_name'], values)
  }
  const own = asRecord(config['environment_variables']) ?? {}
  const found: Found[] = []
  const skipped: { what: string; why: string }[] = []
  for (const [index, each] of list(config['model_list']).entries()) {
    const entry = asRecord(each)
    const stated = asRecord(entry?.['litellm_params']) ?? {}
    const name = stated['litellm_credential_name']
    const params = { ...(typeof name === 'string' ? shared.get(name) : undefined), ...stated }
    const title = typeof entry?.['model_name'] === 'string' ? entry['model_name'] : ''
    const what = `model_list[${index}]${title === '' ? '' : ` (${title})`}`
    const read = readParams(context, params, own)
    if (typeof read === 'string') skipped.push({ what, why: read })
    // Ten models with one key are one credential.
    else if (!found.some((one) => one.provider === read.provider && one.fingerprint === read.fingerprint))
      found.push(read)
  }
  return { found, skipped }
}

function readParams(context: CliContext, params: Fields, own: Fields): Found | string {
  const model = typeof params['model'] === 'string' ? params['model'] : ''
  const stated = params['custom_llm_provider']
  const provider = providerOf(typeof stated === 'string' ? stated : undefined, model)
  if (provider === undefined) return `the provider of "${model.slice(0, 60)}" is not known here`
  if (!provider.auth.includes('api-key')) return `${provider.label} takes no API keys`
  const base = params['api_base'] ?? params['base_url']
  const baseUrl = typeof base === 'string' ? resolved(context, base, own)?.replace(/\/+$/, '') : undefined
  if (baseUrl !== undefined && !/^https?:\/\/[^\s?#]+$/.test(baseUrl)) return 'its api_base is no plain http(s) URL'
  if (baseUrl === undefined && provider.baseUrl === '') return 'it needs an address (api_base)'
  const elsewhere = baseUrl === undefined || baseUrl === provider.baseUrl ? undefined : baseUrl
  const given = typeof params['api_key'] === 'string' ? params['api_key'] : undefined
  // LiteLLM falls back to the provider's usual variable.
  const variable = given === undefined ? provider.environmentVariables[0] : REFERENCE.exec(given)?.[1]
  if (variable !== undefined) {
    const inEnvironment = context.environment.read(variable)
    if (inEnvironment !== undefined) return foundReference(provider.id, variable, inEnvironment, elsewhere)
    const inFile = asSecret(own[variable])
    if (inFile !== undefined) return foundKey(provider.id, variable, inFile, elsewhere)
    return `the environment variable ${variable} is not set`
  }
  const key = asSecret(given)
  return key === undefined ? 'has no api_key' : foundKey(provider.id, provider.id, key, elsewhere)
}

/** `provider/model`, as LiteLLM names them; a bare model is OpenAI's, or Anthropic's by its name. */
function providerOf(stated: string | undefined, model: string): Provider | undefined {
  const slash = model.indexOf('/')
  if (stated !== undefined) return providerNamed(stated)
  if (slash > 0) return providerNamed(model.slice(0, slash))
  return providerNamed(/^claude/i.test(model) ? 'anthropic' : 'openai')
}

function resolved(context: CliContext, text: string, own: Fields): string | undefined {
  const variable = REFERENCE.exec(text)?.[1]
  if (variable === undefined) return text
  const inFile = own[variable]
  return context.environment.read(variable) ?? (typeof inFile === 'string' ? inFile : undefined)
}

/** @throws CliError with the place of the damage and nothing of the content */
function parse(file: string, text: string): Fields {
  const document = parseDocument(text, { prettyErrors: true })
  const problem = document.errors[0]
  if (problem !== undefined) {
    const at = problem.linePos?.[0]
    throw new CliError(
      EXIT.failed,
      `${file}${at === undefined ? '' : `:${at.line}:${at.col}`} is not valid YAML`,
      'repair it, or give another path; nothing was changed',
    )
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 })
  } catch {
    throw new CliError(EXIT.failed, `${file} has too many aliases`, 'give another path; nothing was changed')
  }
  const fields = asRecord(value)
  if (fields === undefined || !('model_list' in fields))
    throw new CliError(EXIT.failed, `${file} is no LiteLLM configuration: it has no model_list`, ADVICE)
  return fields
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}
