/** Efforts that OpenAI does not know are the nearest one that it does. */
const EFFORTS: Readonly<Record<string, string>> = { max: 'xhigh' }

export function openAiEffort(effort: string): string {
  return EFFORTS[effort] ?? effort
}
