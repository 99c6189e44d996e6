import { Button } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Empty } from '../ui/notice.tsx'
import type { Filters } from './list-head.tsx'
import { parseQuery, type Query, queryText, termText } from './query.ts'

/** A filter that leaves nothing: each part of it can be dropped from here. */
export function NothingMatches({
  noun,
  filters: { asking, keys },
  ownOnly,
}: {
  noun: string
  filters: Filters
  ownOnly: boolean
}) {
  const query = parseQuery(
    asking.q,
    keys.map(({ key }) => key),
  )
  const ask = (next: Query) => asking.setText(queryText(next))
  return (
    <Empty title={`No ${noun} matches`}>
      <div className="flex flex-wrap justify-center gap-2">
        {query.terms.map((term) => (
          <Button
            key={termText(term)}
            onClick={() => ask({ ...query, terms: query.terms.filter((one) => one !== term) })}
          >
            Drop <HostileLine text={termText(term)} />
          </Button>
        ))}
        {query.words !== '' && (
          <Button onClick={() => ask({ ...query, words: '' })}>
            Drop <HostileLine text={`“${query.words}”`} />
          </Button>
        )}
        {(asking.from !== undefined || asking.to !== undefined) && (
          <Button onClick={() => asking.setRange({})}>Look at all time</Button>
        )}
      </div>
      {ownOnly && <p>You see your own {noun}s. An owner or auditor of this deployment sees those of others.</p>}
    </Empty>
  )
}
