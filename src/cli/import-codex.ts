import { join } from 'node:path'
import { asRecord, asSecret, readBorrowedJson } from './borrowed-file.ts'
import type { CliContext } from './context.ts'
import { type Findings, foundKey, foundLogin } from './found-credential.ts'

/** `$CODEX_HOME/auth.json` of the Codex CLI. Source: openai/codex, login/src/auth/storage.rs, 2026-08. */
export async function importCodex(context: CliContext, path: string | undefined): Promise<Findings> {
  const home = context.environment.read('CODEX_HOME') ?? join(context.environment.homeDirectory(), '.codex')
  const file = await readBorrowedJson(
    path ?? join(home, 'auth.json'),
    'sign in with "codex login", or give the path of its auth.json',
  )
  const tokens = asRecord(file['tokens'])
  const accessToken = asSecret(tokens?.['access_token'])
  const key = asSecret(file['OPENAI_API_KEY'])
  const refreshToken = asSecret(tokens?.['refresh_token'])
  const idToken = asSecret(tokens?.['id_token'])
  const accountId = asSecret(tokens?.['account_id'])
  return {
    found: [
      ...(accessToken === undefined
        ? []
        : [
            foundLogin({
              provider: 'openai-codex',
              label: 'codex',
              accessToken,
              ...(idToken === undefined ? {} : { idToken }),
              ...(refreshToken === undefined ? {} : { refreshToken }),
              ...(accountId === undefined ? {} : { accountId }),
            }),
          ]),
      ...(key === undefined ? [] : [foundKey('openai', 'codex', key)]),
    ],
    // A login whose tokens are gone is no login: storing it would make a dead row (58096).
    skipped:
      tokens !== undefined && accessToken === undefined ? [{ what: 'ChatGPT login', why: 'has no access token' }] : [],
  }
}
