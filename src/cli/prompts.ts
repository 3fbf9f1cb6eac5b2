/** What the wizard asks. `undefined` means that somebody left (Ctrl-C, Escape). */
export interface Prompts {
  choose<T extends string>(
    question: string,
    options: ReadonlyArray<{ readonly value: T; readonly label: string; readonly hint?: string }>,
  ): Promise<T | undefined>
  /** @param fallback taken for an empty answer */
  text(question: string, fallback?: string): Promise<string | undefined>
  /** Not shown while it is typed. */
  hidden(question: string): Promise<string | undefined>
  confirm(question: string): Promise<boolean | undefined>
  say(kind: 'intro' | 'outro', text: string): void
}

/** Prompts in a real terminal. Loaded only when somebody is asked. */
export async function terminalPrompts(): Promise<Prompts> {
  const clack = await import('@clack/prompts')
  const left = <T extends string | boolean>(answer: T | typeof clack.CANCEL_SYMBOL): T | undefined =>
    typeof answer === 'symbol' ? undefined : answer
  return {
    choose: async (message, options) => {
      const list = options.map(({ value, label, hint }) => ({
        value: value as string,
        label,
        ...(hint === undefined ? {} : { hint }),
      }))
      const answer = left(await clack.select<string>({ message, options: list, maxItems: 12 }))
      return options.find(({ value }) => value === answer)?.value
    },
    text: async (message, fallback) =>
      left(
        await clack.text({
          message,
          ...(fallback === undefined ? {} : { placeholder: fallback, defaultValue: fallback }),
        }),
      ),
    hidden: async (message) => left(await clack.password({ message })),
    confirm: async (message) => left(await clack.confirm({ message })),
    say: (kind, text) => (kind === 'intro' ? clack.intro(text) : clack.outro(text)),
  }
}
