import { addFallback, clearFallback, removeFallback } from '../config/edit.ts'
import { CliError, EXIT } from './cli-error.ts'
import { changeConfig, type CliContext, printJson, readConfig, requireProvider } from './context.ts'

/** `sparekey fallback`: the routes that end every chain. */
export async function fallback(context: CliContext, action: string, route: string | undefined): Promise<void> {
  const config = await readConfig(context)
  if (action === 'add' || action === 'remove') {
    if (route === undefined || !/^[a-z0-9][a-z0-9._-]*\/\S+$/.test(route))
      throw new CliError(EXIT.usage, 'a route is provider/model, such as openrouter/anthropic/claude-sonnet-5')
    if (action === 'add') {
      const slash = route.indexOf('/')
      const provider = requireProvider(config, route.slice(0, slash))
      await changeConfig(context, addFallback(provider + route.slice(slash)))
    } else {
      if (!config.fallback.includes(route))
        throw new CliError(EXIT.failed, `"${route}" is not in the fallback chain`, 'see "sparekey fallback list"')
      await changeConfig(context, removeFallback(route))
    }
  } else if (action === 'clear') await changeConfig(context, clearFallback())
  else if (action !== 'list') throw new CliError(EXIT.usage, `"${action}" is not one of list, add, remove, clear`)
  const after = action === 'list' ? config : await readConfig(context)
  if (context.json) return printJson(context, { fallback: after.fallback })
  if (after.fallback.length === 0) context.terminal.out('no fallback: a call ends when its own chain has nothing left')
  for (const [index, each] of after.fallback.entries()) context.terminal.out(`  ${index + 1}  ${each}`)
}
