import type { LegalHoldCoverage } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { hold as holdQuery } from '../api/deployment.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { HoldTarget, holdTitle } from '../holds/hold-target.tsx'
import { ReleaseHold } from '../holds/release-hold.tsx'
import { Section } from '../mine/section.tsx'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { CopyIcon } from '../ui/copy.tsx'
import { Fact, Person, Time } from '../ui/facts.tsx'
import { exact } from '../ui/format.ts'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { HoldState } from './holds.tsx'

/** One hold: why it was placed, how much it covers, and its release. */
export function HoldPage() {
  const { id } = useParams({ from: '/app/holds/$id' })
  const { data: hold, error, refetch } = useQuery(holdQuery(id))
  const mayChange = useMay()('audit_log:update', 'everywhere')
  const [releasing, setReleasing] = useState(false)
  usePage({
    title: hold === undefined ? 'Legal hold' : holdTitle(hold),
    parent: { title: 'Legal holds', to: '/holds' },
    cli: `reeve retention holds show ${id}`,
    api: `/api/v2/retention/holds/${id}`,
  })
  if (error !== null) {
    return (
      <div className="p-4">
        <FaultNotice what="The hold could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
      </div>
    )
  }
  if (hold === undefined) return null
  return (
    <div className="mx-auto max-w-4xl space-y-8 px-4 py-6">
      <div className="space-y-3">
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <h1 className="min-w-0 truncate text-lg">
            <HostileLine text={holdTitle(hold)} />
          </h1>
          <HoldState hold={hold} />
          {mayChange && hold.released_at === null && (
            <Button tone="danger" className="ml-auto" onClick={() => setReleasing(true)}>
              Release
            </Button>
          )}
        </div>
        <Facts hold={hold} />
      </div>
      <Covered hold={hold} />
      {releasing && <ReleaseHold hold={hold} onClose={() => setReleasing(false)} />}
    </div>
  )
}

function Facts({ hold }: { hold: LegalHoldCoverage }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-6 gap-y-3">
      <Fact name="What is held">
        <HoldTarget hold={hold} />
      </Fact>
      <Fact name="Placed">
        <Time at={hold.created_at} />
      </Fact>
      <Fact name="By">{hold.created_by === null ? '–' : <Person user={hold.created_by} />}</Fact>
      <Fact name="Id">
        <span className="mono truncate">{hold.id}</span>
        <CopyIcon label="Copy the id" text={hold.id} />
      </Fact>
      <Wide name="Reason">
        <HostileText text={hold.reason} />
      </Wide>
      {hold.released_at !== null && (
        <>
          <Fact name="Released">
            <Time at={hold.released_at} />
          </Fact>
          <Wide name="Reason of the release">
            <HostileText text={hold.release_reason ?? ''} />
          </Wide>
        </>
      )}
    </dl>
  )
}

const Wide = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="col-span-full min-w-0">
    <dt className="text-xs text-muted">{name}</dt>
    <dd>{children}</dd>
  </div>
)

const countedUpTo = 10_000

function Covered({ hold }: { hold: LegalHoldCoverage }) {
  const { user, session_id, released_at } = hold
  const { interceptions, sessions, audit_events } = hold.covers
  const asked = [
    ...(user === null ? [] : [`initiator:${user.username}`]),
    ...(session_id === null ? [] : [`session_id:${session_id}`]),
  ].join(' ')
  const range = { ...(hold.from === null ? {} : { from: hold.from }), ...(hold.to === null ? {} : { to: hold.to }) }
  return (
    <Section
      title={released_at === null ? 'What it keeps' : 'What is left of what it kept'}
      about={
        released_at === null
          ? 'Prompts, answers and files go with their requests. An audit event that is kept keeps all after it.'
          : 'Retention removes it as soon as it is old enough, unless another hold covers it.'
      }
      what="What it covers"
    >
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-3">
        <Amount name="Requests" value={interceptions}>
          <Link to="/requests" search={{ q: asked, ...range }} className="text-link underline">
            Look at them
          </Link>
        </Amount>
        <Amount name="Sessions" value={sessions}>
          {session_id !== null && sessions > 0 && (
            <Link to="/sessions/$id" params={{ id: session_id }} className="text-link underline">
              Open it
            </Link>
          )}
        </Amount>
        <Amount name="Audit events" value={audit_events}>
          {user !== null && (
            <Link to="/audit" search={{ q: `username:${user.username}` }} className="text-link underline">
              Look at theirs
            </Link>
          )}
        </Amount>
      </dl>
    </Section>
  )
}

function Amount({ name, value, children }: { name: string; value: number; children?: ReactNode }) {
  return (
    <div className="rounded-lg border border-line px-3 py-2">
      <dt className="text-xs text-muted">{name}</dt>
      <dd className="num text-lg">
        {exact(value)}
        {value >= countedUpTo && ' or more'}
      </dd>
      <dd>{value > 0 && children}</dd>
    </div>
  )
}
