import { useQueryClient } from '@tanstack/react-query'
import { person } from '../api/roles.ts'
import { isTokens } from '../api/tokens.ts'

/** After a change of an account: what is remembered of it, of its tokens and of the list that it is in is read again. */
export function useAccountsChanged(id: string): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await queries.invalidateQueries({ queryKey: ['users'] })
    await queries.invalidateQueries({ queryKey: person(id).queryKey })
    await queries.invalidateQueries({ predicate: isTokens })
  }
}
