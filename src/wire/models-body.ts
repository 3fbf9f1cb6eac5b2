/** The models list in the shape that the asking client reads. */
export function modelsBody(names: readonly string[], shape: 'openai' | 'anthropic' | 'codex'): unknown {
  if (shape === 'codex')
    return { models: names.map((name) => ({ slug: name, display_name: name, supported_in_api: true })) }
  if (shape === 'anthropic') {
    const data = names.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' }))
    return { data, has_more: false, first_id: names[0] ?? null, last_id: names.at(-1) ?? null }
  }
  return { object: 'list', data: names.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sparekey' })) }
}
