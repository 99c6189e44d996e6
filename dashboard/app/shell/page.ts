import { useEffect, useSyncExternalStore } from 'react'

/** What the page that is open tells the frame around it: its name and how to ask for the same elsewhere. */
export interface Page {
  readonly title: string
  /** Where it hangs: the list that it is one of. */
  readonly parent?: {
    readonly title: string
    readonly to:
      | '/sessions'
      | '/requests'
      | '/people'
      | '/service-accounts'
      | '/groups'
      | '/organizations'
      | '/holds'
      | '/policies'
      | '/templates'
      | '/workspaces'
      | '/tasks'
  }
  /** The same from the command line: `reeve bridge sessions list`. */
  readonly cli?: string
  /** The same from the API: path and query. */
  readonly api?: string
}

let current: Page = { title: 'Reeve' }
const listeners = new Set<() => void>()

export function usePage(page: Page): void {
  const key = JSON.stringify(page)
  useEffect(() => {
    // SAFETY: it was written from a `Page` just above; the text is what tells whether it is another one.
    current = JSON.parse(key) as Page
    document.title = `${current.title} · Reeve`
    for (const listener of listeners) listener()
  }, [key])
}

/** A list is asked for the same way everywhere: what the page shows is what the command and the API answer. */
export const listPage = (title: string, cli: string, api: string, { q }: { q?: string } = {}): Page => ({
  title,
  cli: q === undefined ? cli : `${cli} --filter ${shellWord(q)}`,
  api: q === undefined ? api : `${api}?${new URLSearchParams({ q })}`,
})

export function useCurrentPage(): Page {
  return useSyncExternalStore(subscribe, () => current)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** A word for a POSIX shell: quoted unless it needs no quotes. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

export const curlCommand = (path: string): string =>
  `curl -H "Reeve-Session-Token: $REEVE_TOKEN" ${shellWord(location.origin + path)}`
