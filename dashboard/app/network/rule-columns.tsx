import { Link } from '@tanstack/react-router'
import type { RuleHits } from '../api/boundaries.ts'
import { EffectWord } from '../policies/effect-word.tsx'
import type { Column } from '../table/data-table.tsx'
import { termFor, termText } from '../table/query.ts'
import { exact } from '../ui/format.ts'
import { Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

export const ruleColumns: readonly Column<RuleHits>[] = [
  {
    id: 'rule',
    title: 'Rule',
    wide: true,
    cell: ({ rule }) => (
      <Link
        to="."
        search={(old) => ({ ...old, view: undefined, q: termText(termFor('rule', rule)) })}
        title={rule}
        className="truncate text-link"
      >
        <HostileLine text={rule} />
      </Link>
    ),
  },
  {
    id: 'effect',
    title: 'Says',
    width: '6.5rem',
    cell: ({ effect }) => (effect === null ? <span className="text-muted">–</span> : <EffectWord effect={effect} />),
  },
  {
    id: 'policy',
    title: 'Policy',
    width: '12rem',
    cell: ({ policy, version }) => <HostileLine text={version === null ? policy : `${policy}@v${version}`} />,
  },
  { id: 'hits', title: 'Decisions', width: '7rem', numeric: true, cell: ({ hits }) => exact(hits) },
  { id: 'denied', title: 'Denied', width: '6rem', numeric: true, cell: ({ denied }) => exact(denied) },
  {
    id: 'last',
    title: 'Last decision',
    width: '11rem',
    cell: ({ last_hit }) =>
      last_hit === null ? <span className="font-medium text-warn">never in this time</span> : <Time at={last_hit} />,
  },
]
