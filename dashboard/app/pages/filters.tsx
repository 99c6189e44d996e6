import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { clients, models, users } from '../api/queries.ts'
import type { QueryKey } from '../table/query-bar.tsx'
import { parseQuery, queryText, valueOf, withTerm } from '../table/query.ts'
import { buttonClass } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Menu } from '../ui/menu.tsx'

/** The keys of the query language with the values that this viewer could mean. Names are asked for when first needed. */
export function useQueryKeys(
  fixed: readonly QueryKey[],
  everybody: boolean,
): { keys: readonly QueryKey[]; ask: () => void } {
  const [wanted, setWanted] = useState(false)
  const knownModels = useQuery({ ...models, enabled: wanted }).data ?? []
  const knownClients = useQuery({ ...clients, enabled: wanted }).data ?? []
  const people =
    useInfiniteQuery({ ...users, enabled: wanted && everybody }).data?.pages.flatMap((page) => page.users) ?? []
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
  return { keys, ask: () => setWanted(true) }
}

/** One menu for each key: the same filter as in the query bar, for the pointer. */
export function FilterMenus({
  text,
  keys,
  onAsk,
  onChange,
}: {
  text: string
  keys: readonly QueryKey[]
  onAsk: () => void
  onChange: (text: string) => void
}) {
  const query = parseQuery(
    text,
    keys.map(({ key }) => key),
  )
  return keys
    .filter(({ key }) => key !== 'session_id')
    .map(({ key, values }) => {
      const value = valueOf(query, key)
      const title = key[0]!.toUpperCase() + key.slice(1)
      const choose = (next: string | null) => onChange(queryText(withTerm(query, key, next)))
      return (
        <Menu
          key={key}
          label={value === null ? `Filter by ${key}` : `Filter by ${key}: ${value}`}
          className={buttonClass('plain', value === null ? '' : 'border-link text-link')}
          onOpen={onAsk}
          empty="Nothing recorded yet"
          trigger={
            <>
              <span className="max-w-40 truncate">
                {title}
                {value !== null && (
                  <>
                    : <HostileLine text={value} />
                  </>
                )}
              </span>
              <ChevronDown size={14} aria-hidden className="text-muted" />
            </>
          }
          items={
            values.length === 0
              ? []
              : [
                  { label: 'Any', checked: value === null, onSelect: () => choose(null) },
                  ...values.map((one) => ({
                    label: <HostileLine text={one} />,
                    checked: value === one,
                    onSelect: () => choose(one),
                  })),
                ]
          }
        />
      )
    })
}
