/** A small HTTP client for probes, the demo and played scenarios; calls of users go through `Network`. */
export async function postJson(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{
  readonly status: number
  readonly ok: boolean
  readonly text: string
  header(name: string): string | undefined
}> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    redirect: 'manual',
  })
  return {
    status: response.status,
    ok: response.ok,
    text: await response.text(),
    header: (name) => response.headers.get(name) ?? undefined,
  }
}
