import { join } from 'node:path'
import { providerNamed } from '../providers/_registry.ts'
import { asRecord, asSecret, readBorrowedJson } from './borrowed-file.ts'
import type { CliContext } from './context.ts'
import { type Findings, type Found, foundKey, foundLogin, foundReference } from './found-credential.ts'

/**
 * `$HERMES_HOME/auth.json` of hermes-agent: `credential_pool` is a list for each provider; `providers` holds the login from before there were pools.
 * Source: hermes-agent, agent/credential_pool.py and hermes_cli/auth.py, 2026-11.
 */
export async function importHermes(context: CliContext, path: string | undefined): Promise<Findings> {
  const home = context.environment.read('HERMES_HOME') ?? join(context.environment.homeDirectory(), '.hermes')
  const file = await readBorrowedJson(
    path ?? join(home, 'auth.json'),
    'set HERMES_HOME, or give the path of the auth.json',
  )
  const found: Found[] = []
  const skipped: { what: string; why: string }[] = []
  for (const [name, rows] of Object.entries(asRecord(file['credential_pool']) ?? {})) {
    for (const [index, row] of (Array.isArray(rows) ? (rows as unknown[]) : []).entries()) {
      const what = `${name} #${index + 1}`
      const read = readRow(context, name, asRecord(row))
      if (typeof read === 'string') skipped.push({ what, why: read })
      else found.push(read)
    }
  }
  for (const [name, state] of Object.entries(asRecord(file['providers']) ?? {})) {
    const row = asRecord(asRecord(state)?.['tokens'])
    if (row === undefined) continue
    const read = readRow(context, name, { ...row, auth_type: 'oauth' })
    if (typeof read !== 'string') found.push(read)
  }
  return { found, skipped }
}

type Row = Readonly<Record<string, unknown>>

/** @returns why it cannot be used, or the credential */
function readRow(context: CliContext, name: string, row: Row | undefined): Found | string {
  if (row === undefined) return 'is no entry'
  const provider = providerNamed(name)
  if (provider === undefined) return `"${name}" is not a provider that is known here`
  const label = typeof row['label'] === 'string' && /^\P{Cc}{1,100}$/u.test(row['label']) ? row['label'] : provider.id
  const token = asSecret(row['access_token']) ?? asSecret(row['api_key'])
  const source = typeof row['source'] === 'string' ? row['source'] : ''
  const variable = /^env:([A-Za-z_]\w*)$/.exec(source)?.[1]
  const baseUrl = typeof row['base_url'] === 'string' && row['base_url'] !== '' ? cleaned(row['base_url']) : undefined
  const own = baseUrl === provider.baseUrl ? undefined : baseUrl
  const inEnvironment = variable === undefined ? undefined : context.environment.read(variable)
  if (variable !== undefined && inEnvironment !== undefined)
    return foundReference(provider.id, variable, inEnvironment, own)
  if (token === undefined) return 'has no token'
  if (row['auth_type'] !== 'oauth') return foundKey(provider.id, label, token, own)
  if (!provider.auth.includes('oauth')) return `logins of ${provider.label} cannot be used here, only keys`
  const refreshToken = asSecret(row['refresh_token'])
  const accountId = asSecret(row['account_id'])
  const expiresAtMs = momentOf(row)
  return foundLogin({
    provider: provider.id,
    label,
    accessToken: token,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(accountId === undefined ? {} : { accountId }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  })
}

function cleaned(url: string): string | undefined {
  return /^https?:\/\/[^\s?#]+$/.test(url) ? url.replace(/\/+$/, '') : undefined
}

function momentOf(row: Row): number | undefined {
  const ms = row['expires_at_ms']
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms
  const parsed = typeof row['expires_at'] === 'string' ? Date.parse(row['expires_at']) : Number.NaN
  return Number.isFinite(parsed) ? parsed : undefined
}
