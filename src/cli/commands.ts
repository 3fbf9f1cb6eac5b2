import type { AuthAddOptions } from './auth-add.ts'
import type { AuthExportOptions } from './auth-export.ts'
import type { AuthImportOptions } from './auth-import.ts'
import type { AuthLoginOptions } from './auth-login.ts'
import type { ClassifyOptions } from './classify.ts'
import type { CliContext } from './context.ts'
import type { KeyRotateOptions } from './home-key.ts'
import type { ImportBackupOptions } from './import-backup.ts'
import type { ServeOptions } from './serve.ts'
import type { SimulateOptions } from './simulate.ts'
import type { WatchOptions } from './status-watch.ts'
import type { TraceOptions } from './trace.ts'

/** One command: what is typed, what it means, what runs. Help and docs are made from this table. */
export interface CommandRow {
  readonly path: readonly [string] | readonly [string, string]
  readonly arguments?: string
  readonly summary: string
  readonly options?: ReadonlyArray<readonly [flags: string, meaning: string]>
  readonly examples?: readonly string[]
  /** @default true */
  readonly json?: false
  /** Asks people: without a terminal it prints its help and ends as wrong usage. */
  readonly needsTerminal?: true
  /** Loads its file only when it runs: `--help` stays quick. */
  run(
    context: CliContext,
    values: ReadonlyArray<string | undefined>,
    options: Readonly<Record<string, unknown>>,
  ): Promise<void>
}

export const COMMANDS: readonly CommandRow[] = [
  {
    path: ['auth'],
    summary: 'a wizard for accounts and keys: sign in, add, list, reset, strategy, remove',
    json: false,
    needsTerminal: true,
    run: async (context) => (await import('./auth-wizard.ts')).authWizard(context),
  },
  {
    path: ['auth', 'add'],
    arguments: '<provider>',
    summary: 'add a credential',
    options: [
      ['--type <type>', 'api-key or oauth'],
      ['--api-key <key>', 'the key itself (stays in your shell history)'],
      ['--api-key-env <variable>', 'store only the name of an environment variable'],
      ['--api-key-stdin', 'read the key from standard input'],
      ['--api-key-file <path>', 'store only the path of a file that holds the key'],
      ['--api-key-command <command>', 'store only a command that prints the key, such as "pass show openai"'],
      ['--cache-seconds <number>', 'how long the answer of that command is kept in memory (default: 300)'],
      ['--account-id <id>', 'ChatGPT account id, when the token does not carry it'],
      ['--label <label>', 'what to call it'],
      ['--priority <number>', 'lower is tried first'],
      ['--base-url <url>', "an address of its own instead of the provider's"],
      ['--device', 'sign in with a code that is typed on any device'],
      ['--no-browser', 'do not open a browser to sign in'],
    ],
    examples: [
      'printf %s "$KEY" | sparekey auth add openai --api-key-stdin --label work',
      'sparekey auth add anthropic --api-key-env ANTHROPIC_API_KEY',
      'sparekey auth add openai --api-key-file ~/keys/openai',
      'sparekey auth add openrouter --api-key-command "pass show openrouter"',
      'sparekey auth add openai-codex --type oauth --label work',
    ],
    run: async (context, [provider = ''], options) =>
      (await import('./auth-add.ts')).authAdd(context, provider, options as AuthAddOptions),
  },
  {
    path: ['auth', 'login'],
    arguments: '<provider>',
    summary: 'sign in with an account; the same account again replaces its login',
    options: [
      ['--label <label>', "what to call it (default: the account's e-mail address)"],
      ['--device', 'type a code on any device instead of using a browser here'],
      ['--no-browser', 'do not open a browser'],
    ],
    examples: ['sparekey auth login openai-codex', 'sparekey auth login openai-codex --label work --device'],
    run: async (context, [provider = ''], options) =>
      (await import('./auth-login.ts')).authLogin(context, provider, options as AuthLoginOptions),
  },
  {
    path: ['auth', 'logout'],
    arguments: '<provider> [target]',
    summary: 'end logins at the provider and remove them: of one account, or of all',
    examples: ['sparekey auth logout openai-codex work'],
    run: async (context, [provider = '', target]) =>
      (await import('./auth-logout.ts')).authLogout(context, provider, target),
  },
  {
    path: ['auth', 'list'],
    arguments: '[provider]',
    summary: 'credentials with their status; <- marks the one that is next',
    examples: ['sparekey auth list --json'],
    run: async (context, [provider]) => (await import('./auth-list.ts')).authList(context, provider),
  },
  {
    path: ['auth', 'remove'],
    arguments: '<provider> <target>',
    summary: 'remove a credential (target: position, id or label)',
    examples: ['sparekey auth remove openai 2', 'sparekey auth remove openai work'],
    run: async (context, [provider = '', target = '']) =>
      (await import('./auth-change.ts')).authRemove(context, provider, target),
  },
  {
    path: ['auth', 'refresh'],
    arguments: '<provider> [target]',
    summary: 'renew logins now: one, or all of a provider; otherwise it happens by itself',
    examples: ['sparekey auth refresh openai-codex', 'sparekey auth refresh openai-codex work --json'],
    run: async (context, [provider = '', target]) =>
      (await import('./auth-refresh.ts')).authRefresh(context, provider, target),
  },
  {
    path: ['auth', 'reset'],
    arguments: '<provider> [target]',
    summary: 'lift benches: of one credential, or of all',
    examples: ['sparekey auth reset openai', 'sparekey auth reset openai work'],
    run: async (context, [provider = '', target]) =>
      (await import('./auth-change.ts')).authReset(context, provider, target),
  },
  {
    path: ['auth', 'priority'],
    arguments: '<provider> <target> <number>',
    summary: 'set the order in which credentials are tried; lower is first',
    examples: ['sparekey auth priority openai work 0'],
    run: async (context, [provider = '', target = '', value = '']) =>
      (await import('./auth-change.ts')).authPriority(context, provider, target, value),
  },
  {
    path: ['auth', 'status'],
    arguments: '[provider]',
    summary: 'who is logged in, on which plan and for how long; exit code 3 when nobody is',
    examples: ['sparekey auth status', 'sparekey auth status openai-codex --json'],
    run: async (context, [provider]) => (await import('./auth-status.ts')).authStatus(context, provider),
  },
  {
    path: ['auth', 'import'],
    arguments: '<source> [path]',
    summary: "read another tool's credentials (codex, hermes, env, litellm; never writes them), or a backup",
    options: [
      ['--dry-run', 'only say what would be added'],
      ['--take-refresh-token', 'take over single-use refresh tokens; the other tool is logged out by it'],
      ['--passphrase-env <variable>', 'backup: name of an environment variable that holds the passphrase'],
      ['--passphrase-stdin', 'backup: read the passphrase from standard input'],
    ],
    examples: [
      'sparekey auth import codex --dry-run',
      'sparekey auth import litellm ~/litellm/config.yaml',
      'sparekey auth import backup my.backup --passphrase-env BACKUP_PASSPHRASE',
    ],
    run: async (context, [source = '', path], options) =>
      source === 'backup'
        ? (await import('./import-backup.ts')).importBackup(context, path, options as ImportBackupOptions)
        : (await import('./auth-import.ts')).authImport(context, source, path, options as AuthImportOptions),
  },
  {
    path: ['auth', 'export'],
    arguments: '<file>',
    summary: 'write an encrypted backup of all credentials; asks for a passphrase',
    options: [
      ['--all', 'benches too'],
      ['--passphrase-env <variable>', 'name of an environment variable that holds the passphrase'],
      ['--passphrase-stdin', 'read the passphrase from standard input'],
    ],
    examples: ['sparekey auth export sparekey.backup --passphrase-env BACKUP_PASSPHRASE'],
    run: async (context, [file = ''], options) =>
      (await import('./auth-export.ts')).authExport(context, file, options as AuthExportOptions),
  },
  {
    path: ['key', 'status'],
    summary: 'where the key of the stored secrets lives, and whether it opens them; exit code 1 when not',
    examples: ['sparekey key status'],
    run: async (context) => (await import('./home-key.ts')).keyStatus(context),
  },
  {
    path: ['key', 'rotate'],
    summary: 'make a new key and seal every stored secret with it; running gateways go on',
    options: [
      ['--new-key-env <variable>', 'with SPAREKEY_KEY: name of a variable that holds the new key'],
      ['--from <place>', 'file or keychain: where the key is now, when the configuration has moved on'],
    ],
    examples: ['sparekey key rotate'],
    run: async (context, _values, options) =>
      (await import('./home-key.ts')).keyRotate(context, options as KeyRotateOptions),
  },
  {
    path: ['strategy'],
    arguments: '<provider> [name]',
    summary: 'show or set how a pool chooses: fill_first, round_robin, random, least_used, quota_aware',
    examples: ['sparekey strategy openai-codex quota_aware'],
    run: async (context, [provider = '', name]) => (await import('./strategy.ts')).strategy(context, provider, name),
  },
  {
    path: ['fallback'],
    arguments: '[action] [route]',
    summary: 'routes that end every chain: list, add <route>, remove <route>, clear',
    examples: ['sparekey fallback add openrouter/anthropic/claude-sonnet-5'],
    run: async (context, [action = 'list', route]) => (await import('./fallback.ts')).fallback(context, action, route),
  },
  {
    path: ['serve'],
    summary: 'run the gateway',
    examples: ['sparekey serve', 'sparekey serve --port 0 --json'],
    options: [
      ['--port <number>', 'port; 0 = any free one'],
      ['--host <host>', 'address to listen on'],
      [
        '--workers <number>',
        'processes that share the port; auto = one for each core; SIGUSR2 renews them without a failed call',
      ],
      ['--store <store>', 'sqlite'],
    ],
    run: async (context, _values, options) => (await import('./serve.ts')).serve(context, options as ServeOptions),
  },
  {
    path: ['status'],
    summary: 'what the pools can do now; exit code 3 when nobody is ready',
    examples: ['sparekey status', 'sparekey status --watch'],
    options: [
      ['--watch', 'show it as it changes, until Ctrl-C'],
      ['--no-color', 'no colours; --watch appends instead of redrawing'],
    ],
    run: async (context, _values, options) =>
      options['watch'] === true
        ? (await import('./status-watch.ts')).watchStatus(context, options as WatchOptions)
        : (await import('./status.ts')).status(context),
  },
  {
    path: ['trace'],
    arguments: '[request-id]',
    summary: 'the latest calls; with an id, its beginning, or last: the whole story of one',
    options: [
      ['--follow', 'print new calls as they end, until Ctrl-C (with --json: JSON Lines)'],
      ['--limit <number>', 'calls to list; with --follow: calls to show from before'],
      ['--failed', 'failed calls only'],
      ['--no-color', 'no colours'],
    ],
    examples: ['sparekey trace --failed --limit 5'],
    run: async (context, [wanted], options) =>
      (await import('./trace.ts')).trace(context, wanted, options as TraceOptions),
  },
  {
    path: ['classify'],
    arguments: '[file]',
    summary: 'what is this error, and what would happen (file or - for standard input)',
    options: [
      ['--corpus <file>', 'compare with the labels of a JSON Lines file'],
      ['--recorded [number]', 'failures that no row knew for sure; with a number, that one as a fixture'],
    ],
    examples: [`echo '{"provider":"openai","status":429,"body":"{}"}' | sparekey classify -`],
    run: async (context, [file], options) =>
      (await import('./classify.ts')).classifyCommand(context, file, options as ClassifyOptions),
  },
  {
    path: ['simulate'],
    arguments: '[scenario]',
    summary: 'play a scripted provider failure; without a name, list them',
    options: [
      ['--serve', 'keep a fake provider running for your own tests'],
      ['--port <number>', 'port of --serve; 0 = any free one'],
      ['--oauth', 'with --serve: also a login server, whose accounts play the scenario'],
      ['--stream', 'ask for streams'],
      ['--calls <number>', 'calls to play'],
    ],
    examples: [
      'sparekey simulate first-account-empty',
      'sparekey simulate small-windows --serve --port 9099',
      'sparekey simulate --serve --oauth',
    ],
    run: async (context, [scenario], options) =>
      (await import('./simulate.ts')).simulate(context, scenario, options as SimulateOptions),
  },
  {
    path: ['demo'],
    summary: 'see a call survive an empty account, on this machine only',
    json: false,
    run: async (context) => (await import('./demo.ts')).demo(context),
  },
]
