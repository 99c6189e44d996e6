import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { users } from '../api/lists.ts'
import { clients, models } from '../api/queries.ts'
import type { QueryKey } from '../table/query-bar.tsx'

/** The keys of the query language with the values that this viewer could mean. Names are asked for when first needed. */
export function useQueryKeys(
  fixed: readonly QueryKey[],
  everybody: boolean,
): { keys: readonly QueryKey[]; onNeed: () => void } {
  const [wanted, setWanted] = useState(false)
  const knownModels = useQuery({ ...models, enabled: wanted }).data ?? []
  const knownClients = useQuery({ ...clients, enabled: wanted }).data ?? []
  const people =
    useInfiniteQuery({ ...users, enabled: wanted && everybody }).data?.pages.flatMap((part) => part.rows) ?? []
  const keys: QueryKey[] = [
    ...fixed,
    { key: 'client', hint: 'the program that asked', values: knownClients },
    { key: 'model', hint: 'as the client asked for it', values: knownModels },
  ]
  if (everybody)
    keys.push({
      key: 'initiator',
      hint: 'a username, or me',
      values: ['me', ...people.map(({ username }) => username)],
    })
  return { keys, onNeed: () => setWanted(true) }
}
