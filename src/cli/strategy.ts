import { setStrategy } from '../config/edit.ts'
import { nearest } from '../config/nearest.ts'
import { DEFAULT_STRATEGY, STRATEGIES, STRATEGY_NAMES } from '../pool/strategies.ts'
import { CliError, EXIT } from './cli-error.ts'
import { changeConfig, type CliContext, printJson, readConfig, requireProvider } from './context.ts'

/** `sparekey strategy`: shows or sets how a provider's pool chooses. */
export async function strategy(context: CliContext, name: string, wanted: string | undefined): Promise<void> {
  const config = await readConfig(context)
  const provider = requireProvider(config, name)
  if (wanted !== undefined) {
    if (!(STRATEGY_NAMES as readonly string[]).includes(wanted)) {
      const guess = nearest(wanted, STRATEGY_NAMES)
      throw new CliError(
        EXIT.usage,
        `"${wanted}" is not a strategy${guess === undefined ? '' : `; did you mean "${guess}"?`}`,
        `known are ${STRATEGY_NAMES.join(', ')}`,
      )
    }
    await changeConfig(context, setStrategy(provider, wanted))
  }
  const current = wanted ?? config.providers[provider]?.strategy ?? DEFAULT_STRATEGY
  if (context.json) return printJson(context, { provider, strategy: current })
  const meaning = STRATEGIES[current as keyof typeof STRATEGIES].meaning
  context.terminal.out(`${provider}: ${current}  (${meaning})`)
}
