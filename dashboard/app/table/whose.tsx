import { parseQuery, queryText, valueOf, withTerm } from './query.ts'
import type { Asking } from './use-list-search.ts'
import { ViewTabs } from './view-tabs.tsx'

/** Everybody's or the viewer's own: the query says it, and these write it. */
export function Whose({ label, asking, keys }: { label: string; asking: Asking; keys: readonly string[] }) {
  const query = parseQuery(asking.q, keys)
  return (
    <div className="px-4 pb-2">
      <ViewTabs
        label={label}
        views={{ all: 'Everybody’s', mine: 'Mine' }}
        current={valueOf(query, 'owner') === 'me' ? 'mine' : 'all'}
        onChange={(view) => asking.setText(queryText(withTerm(query, 'owner', view === 'mine' ? 'me' : null)))}
      />
    </div>
  )
}
