import { type Query, termText } from '../table/query.ts'
import { Button } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Empty } from '../ui/notice.tsx'

/** A filter that leaves nothing: each part of it can be dropped from here. */
export function NothingMatches({
  noun,
  query,
  ranged,
  ownOnly,
  onQuery,
  onAllTime,
}: {
  noun: string
  query: Query
  ranged: boolean
  ownOnly: boolean
  onQuery: (query: Query) => void
  onAllTime: () => void
}) {
  return (
    <Empty title={`No ${noun} matches`}>
      <div className="flex flex-wrap justify-center gap-2">
        {query.terms.map((term) => (
          <Button
            key={termText(term)}
            onClick={() => onQuery({ ...query, terms: query.terms.filter((one) => one !== term) })}
          >
            Drop <HostileLine text={termText(term)} />
          </Button>
        ))}
        {query.words !== '' && (
          <Button onClick={() => onQuery({ ...query, words: '' })}>
            Drop <HostileLine text={`“${query.words}”`} />
          </Button>
        )}
        {ranged && <Button onClick={onAllTime}>Look at all time</Button>}
      </div>
      {ownOnly && <p>You see your own {noun}s. An owner or auditor of this deployment sees those of others.</p>}
    </Empty>
  )
}
