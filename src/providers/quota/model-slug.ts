/**
 * The model of a limit's display name: `GPT-5.3-Codex-Spark` is `gpt-5.3-codex-spark`.
 * @returns undefined when nothing of it could be a model's name
 */
export function modelSlug(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined
  const slug = name
    .slice(0, 100)
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-')
  return /^[a-z0-9][a-z0-9.:/-]*$/.test(slug) ? slug : undefined
}
