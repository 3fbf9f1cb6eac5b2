import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryHome } from '../support/temporary-home.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** CONTRIBUTING's two recipes, followed to the letter in a copy of the project. */
it('a new provider is one file, its rows and their fixtures', () => {
  const project = temporaryHome()
  for (const each of ['src', 'scripts', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
    cpSync(join(ROOT, each), join(project, each), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'))
  const run = (program: string, ...words: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'node_modules', program), ...words], {
      cwd: project,
      encoding: 'utf8',
    })
    return { status, said: stdout + stderr }
  }
  writeFileSync(
    join(project, 'src/providers/toy.ts'),
    `import { bearer, rateWindows } from './openai-compatible.ts'
import { defineProvider } from './provider.ts'
import { toyRules } from './toy.rules.ts'

/** A toy. Source: nobody, 2026-11. */
export const provider = defineProvider({
  id: 'toy',
  label: 'Toy',
  aliases: ['plaything'],
  wires: ['chat-completions'],
  baseUrl: 'https://toy.example.com/v1',
  auth: ['api-key'],
  billing: 'metered',
  environmentVariables: ['TOY_KEY'],
  authHeaders: ({ token }) => bearer(token),
  rules: toyRules,
  readQuota: rateWindows,
})
`,
  )
  writeFileSync(
    join(project, 'src/providers/toy.rules.ts'),
    `import type { Rule } from '../failure/rule.ts'

/** A toy's rows. Source: nobody, 2026-11. */
export const toyRules: readonly Rule[] = [
  { code: 'wound_down', is: 'quota_exhausted', seen: 'toy/429-wound-down' },
]
`,
  )
  expect(run('tsx/dist/cli.mjs', 'scripts/generate-registry.ts')).toMatchObject({ status: 0 })
  const suites = ['test/contracts/providers.test.ts', 'src/failure/rules.test.ts', '-t', 'toy', '--reporter=verbose']
  const without = run('vitest/vitest.mjs', 'run', ...suites)
  expect(without.status, without.said).not.toBe(0)
  mkdirSync(join(project, 'test/fixtures/toy'))
  const evidence = {
    channel: 'http',
    provider: 'toy',
    api: 'chat-completions',
    status: 429,
    headers: {},
    body: '{"error":{"code":"wound_down","message":"Wind me up"}}',
  }
  writeFileSync(join(project, 'test/fixtures/toy/429-wound-down.json'), JSON.stringify({ evidence }))
  const complete = run('vitest/vitest.mjs', 'run', ...suites)
  expect(complete.status, complete.said).toBe(0)
  expect(complete.said).toContain('provider toy keeps the contract')
  rmSync(project, { recursive: true, force: true })
}, 120_000)
