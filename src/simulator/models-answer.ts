import { isCodexPath } from './provider-style.ts'
import type { Step } from './scenario.ts'

const DEFAULT_MODELS: readonly string[] = ['gpt-5.5', 'claude-sonnet-5']

/** `GET .../models` as the provider behind this path writes it. */
export function modelsAnswer(path: string, isAnthropic: boolean, models: readonly string[] = DEFAULT_MODELS): Step {
  if (isCodexPath(path)) return answer({ models: models.map((slug) => ({ slug, display_name: slug })) })
  if (!isAnthropic) {
    const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'simulator' }))
    return answer({ object: 'list', data })
  }
  const data = models.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' }))
  return answer({ data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null })
}

function answer(body: unknown): Step {
  return { kind: 'raw', status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
