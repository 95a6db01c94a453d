// The one place that speaks to the server.

// Problem is why a request gave no answer: status is the HTTP status, 0 when
// nothing answered at all.
export class Problem extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'Problem'
    this.status = status
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null)
  let text = `${response.status} ${response.statusText}`.trim()
  if (body !== null && typeof body === 'object') {
    const { title, detail } = body as { title?: string; detail?: string }
    text = detail || title || text
  }
  return new Problem(response.status, text)
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, { ...init, headers: { Accept: 'application/json', ...init.headers } })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new Problem(0, 'Nothing answers at the address of this page.')
  }
  if (!response.ok) throw await problemOf(response)
  return (await response.json()) as T
}

// Query is what goes behind the question mark; empty values are left out.
export type Query = Record<string, string | number | undefined>

export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text ? `${path}?${text}` : path
}

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return ask<T>(withQuery(path, query), { signal })
}

export function post<T>(path: string, body: unknown): Promise<T> {
  return ask<T>(path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } })
}
