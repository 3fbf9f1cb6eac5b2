import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { classify } from '../src/failure/classify.ts'
import type { Evidence } from '../src/failure/evidence.ts'
import { blameOf, FAILURE_LABELS, type FailureLabel, LABELS } from '../src/failure/labels.ts'
import type { Rule } from '../src/failure/rule.ts'
import { COMMON_RULES } from '../src/failure/rules.ts'
import { PROVIDERS } from '../src/providers/_registry.ts'
import type { Provider } from '../src/providers/provider.ts'
import { DEFAULT_POLICY } from '../src/recovery/policy.ts'
import { NEXT_STEP } from '../src/wire/error-words.ts'
import { policyWords } from './label-table.ts'

const FIXTURES = new URL('../test/fixtures/', import.meta.url)
const SEEN_AT_MS = Date.UTC(2026, 2, 1)
const LONGEST_QUOTE = 110
const MADE = '<!-- Generated from the rows in src/ by scripts/generate-failure-docs.ts; do not edit. -->'

/** Pages by their path below `docs/`: one for each label, one for each provider, and an index of both. */
export function failurePages(): ReadonlyMap<string, string> {
  const pages = new Map<string, string>()
  const tables = ruleTables()
  for (const label of FAILURE_LABELS) pages.set(`failures/${label}.md`, labelPage(label, tables))
  for (const provider of Object.values(PROVIDERS)) pages.set(`providers/${provider.id}.md`, providerPage(provider))
  pages.set('failures/README.md', labelIndex())
  pages.set('providers/README.md', providerIndex())
  return pages
}

/** Tables by name, with the providers that use them. */
function ruleTables(): ReadonlyMap<string, { readonly rules: readonly Rule[]; readonly users: readonly string[] }> {
  const tables = new Map<string, { rules: readonly Rule[]; users: string[] }>()
  for (const { label, rules } of Object.values(PROVIDERS)) {
    const [first] = rules
    if (first === undefined) continue
    const name = first.seen.slice(0, first.seen.indexOf('/'))
    const table = tables.get(name)
    if (table === undefined) tables.set(name, { rules, users: [label] })
    else table.users.push(label)
  }
  return new Map([...tables, ['common', { rules: COMMON_RULES, users: ['Everybody'] }]])
}

function labelPage(label: FailureLabel, tables: ReturnType<typeof ruleTables>): string {
  const { tries, bench } = policyWords(DEFAULT_POLICY[label])
  const said = [...tables.values()].flatMap(({ rules, users }) => {
    const rows = rules.filter(({ is }) => is === label)
    return rows.length === 0 ? [] : [`### ${users.join(', ')}\n\n${rowTable(rows, false)}`]
  })
  return `${MADE}
# \`${label}\`

${sentence(LABELS[label].meaning)}

* **To blame:** ${blameOf(label)}.
* **sparekey tries, in this order:** ${tries}.
* **Bench:** ${bench}.
* **What you can do:** ${NEXT_STEP[label]}

## How providers say it

${said.join('\n\n')}
`
}

function providerPage(provider: Provider): string {
  const { id, label, aliases = [], baseUrl, wires, environmentVariables, billing, rules } = provider
  const facts = [
    `* **Name in the configuration:** \`${id}\`${aliases.length === 0 ? '' : `; also understood: ${aliases.map(code).join(', ')}`}`,
    `* **Address:** ${baseUrl === '' ? 'your own, as `baseUrl`' : code(baseUrl)}`,
    `* **Protocols:** ${wires.join(', ')}`,
    `* **Paid for by:** ${billing === 'subscription' ? 'subscription' : 'use'}`,
    `* **Quota is read from:** ${quotaSources(provider)}`,
    ...(environmentVariables.length === 0
      ? []
      : [`* **Usual variables for its key:** ${environmentVariables.map(code).join(', ')}`]),
  ]
  const table =
    rules.length === 0
      ? 'None of its own: the rows that hold for everybody decide.'
      : `The first row that holds decides; the rows that hold for everybody come after these.\n\n${rowTable(rules, true)}`
  return `${MADE}
# ${label}

${facts.join('\n')}

## How it says that it failed

${table}
`
}

function quotaSources({ readQuota, quotaHeaders = ['x-ratelimit-*'], usageProbe, baseUrl }: Provider): string {
  const sources = [
    ...(readQuota === undefined
      ? []
      : [`headers of its answers, where it sends them (${quotaHeaders.map(code).join(', ')})`]),
    ...(usageProbe === undefined
      ? []
      : [`its usage endpoint (${code(usageProbe.request({ token: '' }, baseUrl).url)})`]),
  ]
  return sources.length === 0 ? 'nowhere: only failures tell' : sources.join(' and ')
}

function labelIndex(): string {
  const rows = FAILURE_LABELS.map(
    (label) => `| [\`${label}\`](${label}.md) | ${LABELS[label].meaning} | ${blameOf(label)} |`,
  )
  return `${MADE}
# Failures

| label | meaning | to blame |
|---|---|---|
${rows.join('\n')}
`
}

function providerIndex(): string {
  const rows = Object.values(PROVIDERS).map(
    ({ id, label, wires, rules }) => `| [${label}](${id}.md) | \`${id}\` | ${wires.join(', ')} | ${rules.length} |`,
  )
  return `${MADE}
# Providers

| provider | name | protocols | rows of its own |
|---|---|---|---|
${rows.join('\n')}
`
}

function rowTable(rows: readonly Rule[], withLabel: boolean): string {
  const head = withLabel ? '| when | such as | label |\n|---|---|---|' : '| when | such as |\n|---|---|'
  const lines = rows.map((rule) => {
    const label = withLabel
      ? ` [\`${rule.is}\`](../failures/${rule.is}.md)${rule.modelScoped === true ? ', this model only' : ''} |`
      : ''
    return `| ${cell(conditionOf(rule))} | ${cell(quoteOf(rule))} |${label}`
  })
  return [head, ...lines].join('\n')
}

function conditionOf(rule: Rule): string {
  const parts: string[] = []
  const add = (name: string, value: unknown) => {
    if (value === undefined) return
    const texts = value instanceof RegExp ? [value.source] : [value].flat().map(String)
    const shown = texts.slice(0, 3).map((each) => code(shorten(each, 70)))
    parts.push(`${name} ${shown.join(', ')}${texts.length > 3 ? ` and ${texts.length - 3} more` : ''}`)
  }
  add('code', rule.code)
  add('type', rule.type)
  add('parameter', rule.param)
  add('thrown', rule.thrown)
  for (const { name } of [rule.header ?? []].flat()) parts.push(`header ${code(name)}`)
  if (rule.window !== undefined) parts.push("this model's window is full while the account's are not")
  if (rule.status !== undefined)
    add(
      'status',
      typeof rule.status === 'object' && 'from' in rule.status
        ? `${rule.status.from} to ${rule.status.to}`
        : rule.status,
    )
  add('words', rule.text)
  add('body is', rule.shape)
  add('on', rule.api)
  if (parts.length === 0) add('channel', rule.channel)
  return parts.join('; ')
}

/** The sentence of the row's fixture, as a person sees it. */
function quoteOf({ seen }: Rule): string {
  const file = new URL(`${seen}.json`, FIXTURES)
  if (!existsSync(file)) throw new Error(`${seen} has no fixture`)
  const { evidence } = JSON.parse(readFileSync(file, 'utf8')) as { readonly evidence: Omit<Evidence, 'seenAtMs'> }
  const { message } = classify({ ...evidence, seenAtMs: SEEN_AT_MS })
  return `"${shorten(message, LONGEST_QUOTE)}"${evidence.status === undefined ? '' : ` (${evidence.status})`}`
}

function shorten(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`
}

/** A bar ends a cell, an angle bracket begins a tag. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** Names of the pages that are there now, below `docs/`. */
export function pagesOnDisk(docs: URL): readonly string[] {
  return ['failures', 'providers'].flatMap((folder) => {
    const url = new URL(`${folder}/`, docs)
    return existsSync(url) ? readdirSync(url).map((file) => `${folder}/${file}`) : []
  })
}
