import type { Denial } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { RequestAccess } from '../access-requests/request-access.tsx'
import { denial } from '../api/boundaries.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { Button, buttonClass } from '../ui/button.tsx'
import { CopyIcon } from '../ui/copy.tsx'
import { plural } from '../ui/format.ts'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { CheckedRules } from './checked-rules.tsx'

/** Why something was denied, whether others ran into it too, and what can be done about it. */
export function Explanation({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(denial(id))
  return (
    <section aria-labelledby={`${id}-why`} className="space-y-3 rounded-lg border border-line bg-raised p-3">
      <div className="flex flex-wrap items-center gap-2">
        <h4 id={`${id}-why`} className="font-medium">
          Why
        </h4>
        <span className="mono ml-auto min-w-0 truncate text-xs text-muted">{id}</span>
        <CopyIcon label="Copy: Denial" text={id} />
      </div>
      {error !== null && (
        <FaultNotice what="The explanation could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
      )}
      {data === undefined && error === null && <p className="late text-muted">Reading why …</p>}
      {data !== undefined && <Explained explained={data} />}
    </section>
  )
}

function Explained({ explained }: { explained: Denial }) {
  const { event, checked, identical, requests, declined, now, can_request, mode } = explained
  const [asking, setAsking] = useState(false)
  const may = useMay()
  const open = requests.find(({ status }) => status === 'pending')
  const policy = event.policy?.name
  return (
    <>
      {mode === 'observe' && <p>The policy only observes: it was let pass, and would have been denied.</p>}
      {now === 'allow' && <p className="text-ok">The policy of now would allow it.</p>}
      <CheckedRules checked={checked} />
      <p className="text-muted">
        {identical.count === 0
          ? 'Nobody else ran into it in the last 7 days.'
          : `${plural(identical.count, 'identical denial')} in 7 days, ${plural(identical.people, 'person', 'people')}.`}
      </p>
      {declined !== null && (
        <blockquote className="border-l-2 border-warn pl-3">
          <p className="text-xs text-muted">Asked for before, and declined</p>
          <HostileText text={declined} />
        </blockquote>
      )}
      {open !== undefined && (
        <p>
          <Link to="/access-requests" search={{ request: open.id }} className="text-link underline">
            Asked for by <HostileLine text={open.requester.username} />
          </Link>
          , and not decided yet.
        </p>
      )}
      <div className="flex flex-wrap gap-2 empty:hidden">
        {can_request && open === undefined && now !== 'allow' && (
          <Button tone="primary" onClick={() => setAsking(true)}>
            Ask for access
          </Button>
        )}
        {policy !== undefined && may('boundary_policy:update') && event.net !== null && (
          <Link to="/policies/$policy" params={{ policy }} search={{ add: explained.denial }} className={buttonClass()}>
            Write a rule for it
          </Link>
        )}
      </div>
      {!can_request && open === undefined && <p className="text-muted">{whyNot(event)}</p>}
      {asking && <RequestAccess explained={explained} onClose={() => setAsking(false)} />}
    </>
  )
}

/** Who may not ask for it is told who can, or that nobody can. */
const whyNot = ({ kind, reason, owner }: Denial['event']): string =>
  ['net', 'dns', 'exec'].includes(kind) && ['rule', 'no-matching-rule', null].includes(reason)
    ? `It is asked for by whoever ran into it: ${owner.username}.`
    : 'No request can allow it: it is denied whatever a rule says.'
