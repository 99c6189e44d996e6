import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ListSearch } from '../api/lists.ts'
import type { Range } from './range.ts'

/** What the URL asks of the list on this page, and how to ask for something else. */
export interface Asking extends ListSearch {
  readonly q: string
  readonly filtered: boolean
  /** Typing is no reason for an entry in the history. */
  readonly setText: (q: string) => void
  readonly setRange: (range: Range) => void
}

export function useListSearch(): Asking {
  const { q = '', from, to } = useSearch({ strict: false })
  const navigate = useNavigate()
  return {
    q,
    from,
    to,
    filtered: q !== '' || from !== undefined || to !== undefined,
    setText: (text) => void navigate({ to: '.', search: (old) => ({ ...old, q: text }), replace: true }),
    setRange: (range) =>
      void navigate({ to: '.', search: (old) => ({ ...old, from: undefined, to: undefined, ...range }) }),
  }
}
