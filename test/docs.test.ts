import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { COMMANDS } from '../src/cli/commands.ts'
import { parseConfig } from '../src/config/parse.ts'
import { configFor, loginServer } from './support/login-world.ts'
import { runSnippet } from './support/run-snippet.ts'
import { temporaryHome } from './support/temporary-home.ts'
import { startWorld } from './support/world.ts'

/** Every command and snippet of the documentation is run. */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
]

interface Snippet {
  readonly page: string
  readonly language: string
  readonly text: string
}

const SNIPPETS: readonly Snippet[] = PAGES.flatMap((page) =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```/gm)].map(
    ([, , language = '', text = '']) => ({ page, language, text }),
  ),
)
const LINES = SNIPPETS.filter(({ language }) => language === 'sh').flatMap(({ page, text }) =>
  text
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => ({ page, line })),
)

function unique<T extends { readonly line: string }>(all: readonly T[]): readonly T[] {
  return all.filter((each, index) => all.findIndex(({ line }) => line === each.line) === index)
}

/** A folder with a `sparekey` that runs this checkout. */
function shim(): string {
  const folder = temporaryHome()
  const program = join(folder, 'sparekey')
  writeFileSync(
    program,
    `#!/bin/sh\nexec "${process.execPath}" --import "${join(ROOT, 'node_modules/tsx/dist/loader.mjs')}" "${join(ROOT, 'src/cli/main.ts')}" "$@"\n`,
  )
  chmodSync(program, 0o755)
  // Stands in for a secret manager.
  const vault = join(folder, 'pass')
  writeFileSync(vault, '#!/bin/sh\nprintf %s "a-key-of-the-docs-7"\n')
  chmodSync(vault, 0o755)
  return folder
}

/** What a line about logins takes for granted: a login server, somebody who signed in, other programs' files. */
async function stageFor(line: string, home: string): Promise<void> {
  if (/sparekey (?:key |status|auth (?:status|list|export|remove|reset|priority|import backup))/.test(line)) {
    for (const label of ['work', 'spare'])
      await shell(
        `printf %s "$KEY-${label}" | sparekey auth add ${line.includes('openai-codex') ? 'openai-codex --account-id acct-1' : 'openai'} --api-key-stdin --label ${label}`,
        home,
      )
    if (line.includes('import backup'))
      await shell(`sparekey auth export ${/\S+\.backup/.exec(line)?.[0]} --passphrase-env BACKUP_PASSPHRASE`, home)
  }
  mkdirSync(join(home, 'keys'))
  writeFileSync(join(home, 'keys', 'openai'), 'a-key-of-the-docs-6', { mode: 0o600 })
  if (line.includes('import backup')) return
  if (!/sparekey auth (?:login|logout|refresh|import)|--type oauth/.test(line)) return
  const simulator = await loginServer()
  writeFileSync(join(home, 'config.yaml'), configFor(simulator))
  for (const folder of ['.codex', '.hermes', 'litellm']) mkdirSync(join(home, folder))
  const tokens = { access_token: 'a-token-of-the-docs-1', refresh_token: 'a-token-of-the-docs-2', account_id: 'acct-1' }
  writeFileSync(join(home, '.codex', 'auth.json'), JSON.stringify({ tokens }))
  const pool = { openrouter: [{ label: 'main', auth_type: 'api_key', access_token: 'a-key-of-the-docs-4' }] }
  writeFileSync(join(home, '.hermes', 'auth.json'), JSON.stringify({ credential_pool: pool }))
  writeFileSync(
    join(home, 'litellm', 'config.yaml'),
    'model_list: [{ model_name: a, litellm_params: { model: openai/m, api_key: a-key-of-the-docs-5 } }]\n',
  )
  const name = /(?:logout|refresh) \S+ (\S+)/.exec(line)?.[1]
  if (/auth (?:logout|refresh)/.test(line))
    await shell(`sparekey auth login openai-codex${name === undefined ? '' : ` --label ${name}`}`, home)
}

/** Runs a line in a shell; a server is stopped once it listens. */
function shell(line: string, home: string): Promise<{ readonly exit: number | null; readonly said: string }> {
  return new Promise((resolve) => {
    const child = spawn(
      'sh',
      [
        '-c',
        line
          .replace(/(^|\| )sparekey (serve|simulate .*--serve|status --watch)/, '$1exec sparekey $2')
          .replace('--port 9099', '--port 0')
          .replace(/sparekey serve$/, 'sparekey serve --port 0'),
      ],
      {
        cwd: home,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: `${shim()}${delimiter}${process.env['PATH'] ?? ''}`,
          NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
          SPAREKEY_HOME: home,
          HOME: home,
          KEY: 'a-key-of-the-docs-1',
          BACKUP_PASSPHRASE: 'a passphrase of the docs',
          OPENAI_API_KEY: 'a-key-of-the-docs-2',
          ANTHROPIC_API_KEY: 'a-key-of-the-docs-3',
        },
      },
    )
    let said = ''
    // What goes on until somebody stops it has said enough with its first words.
    const enough = line.endsWith('--watch') ? /openai/ : /Ctrl-C stops|"url": "http:/
    const hear = (part: Buffer) => {
      said += part.toString()
      if (enough.test(said)) child.kill(line.endsWith('--watch') ? 'SIGINT' : 'SIGTERM')
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('close', (exit) => resolve({ exit, said }))
  })
}

describe('shell lines', () => {
  const scripts = Object.keys(
    (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts,
  )
  const ours = unique(LINES.filter(({ line }) => /(?:^|\| )sparekey /.test(line)))

  it('call only npm scripts that exist', () => {
    const named = LINES.flatMap(({ line }) =>
      [...line.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name = '']) => name),
    ).filter((name) => name !== 'ci' && name !== 'install')
    expect(named.length).toBeGreaterThan(2)
    for (const name of named) expect(scripts).toContain(name)
  })

  it.each(ours.map(({ page, line }) => [`${page}: ${line.slice(0, 90)}`, line] as const))('%s', async (_name, line) => {
    const home = temporaryHome()
    await stageFor(line, home)
    // A key on standard input that the reader has to give.
    const given = line.endsWith('--api-key-stdin') && !line.includes('|') ? `printf %s "$KEY" | ${line}` : line
    const { exit, said } = await shell(given, home)
    expect(said).not.toContain('error:')
    expect(exit).toBe(0)
  })

  it('are all known kinds: ours, npm, or a client that the acceptance tests drive', () => {
    const rest = LINES.filter(({ line }) => !/(?:^|\| )sparekey /.test(line) && !/^(?:npm|npx) /.test(line))
    expect(rest.map(({ line }) => line)).toEqual([
      'ANTHROPIC_BASE_URL=http://127.0.0.1:8787 ANTHROPIC_API_KEY=unused claude',
    ])
  })
})

describe('code', () => {
  const calls: Readonly<Record<string, string>> = {
    openai: `console.log((await client.responses.create({ model: 'gpt-5.5', input: 'hello' })).output_text)`,
    '@anthropic-ai/sdk': `console.log(JSON.stringify((await client.messages.create({ model: 'gpt-5.5', max_tokens: 64, messages: [{ role: 'user', content: 'hello' }] })).content))`,
    '@ai-sdk/openai': `import { generateText } from 'ai'\nconsole.log((await generateText({ model: openai('gpt-5.5'), prompt: 'hello' })).text)`,
  }
  const snippets = SNIPPETS.filter(({ language, text }) => language === 'ts' && !text.includes("from 'sparekey"))

  it.each(snippets.map(({ page, text }) => [`${page}: ${/from '([^']+)'/.exec(text)?.[1]}`, text] as const))(
    '%s',
    async (_name, text) => {
      const module = /from '([^']+)'/.exec(text)?.[1] ?? ''
      const wire = module.startsWith('@anthropic') ? 'anthropic' : 'openai'
      const world = await startWorld({
        sides: [{ provider: wire, scenario: { name: 'docs', description: '', credentials: { 'tok-a': {} } } }],
      })
      onTestFinished(() => world.close())
      const { said } = await runSnippet(
        `${text.replaceAll('http://127.0.0.1:8787', world.gateway.url)}\n${calls[module] ?? ''}\n`,
      )
      expect(said).toContain('The answer is 42.')
    },
  )

  it('yaml snippets are valid configurations', () => {
    for (const { text } of SNIPPETS.filter(({ language }) => language === 'yaml'))
      expect(parseConfig(text, 'docs')).toHaveProperty('file')
  })
})

it('docs/cli.md tells every command', () => {
  const text = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8')
  for (const { path } of COMMANDS) expect(text).toContain(`## sparekey ${path.join(' ')}`)
})

it('links between the pages lead somewhere', () => {
  for (const page of PAGES) {
    for (const [, target = ''] of readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const path = join(ROOT, page, '..', target)
      expect(
        () => readdirSync(join(path, '..')).includes(path.split('/').at(-1) ?? '') || readFileSync(path),
        `${page} -> ${target}`,
      ).not.toThrow()
    }
  }
})
