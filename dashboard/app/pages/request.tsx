import type { Interception, TimelineEvent } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useRouter } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useMemo, useState } from 'react'
import { request } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { readingReason, wantsReason } from '../api/reading-reason.ts'
import { AskReason } from '../forms/ask-reason.tsx'
import { useNow } from '../hooks/use-clock.ts'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { useZone } from '../hooks/use-zone.ts'
import { usePage } from '../shell/page.ts'
import { EventBody, eventName } from '../timeline/event.tsx'
import { buildRows, isFailure } from '../timeline/rows.ts'
import { RemovedFact, Tokens, WithheldFact } from '../timeline/session-head.tsx'
import { buttonClass } from '../ui/button.tsx'
import { CopyIcon } from '../ui/copy.tsx'
import { Count, Fact, OutcomeState, Person, Time } from '../ui/facts.tsx'
import { bytes, duration, exact, removedOn, shortId } from '../ui/format.ts'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { Model } from './requests.tsx'
import { ClientName } from './session-columns.tsx'

/** One request: where its time went, what it cost in tokens, what it brought and was answered, and its exact bytes. */
export function RequestPage() {
  const { id } = useParams({ from: '/app/requests/$id' })
  const navigate = useNavigate()
  const router = useRouter()
  usePage({
    title: shortId(id),
    parent: { title: 'Requests', to: '/requests' },
    cli: `reeve bridge requests show ${id}`,
    api: `/api/v2/aibridge/interceptions/${id}`,
  })
  useShortcuts({
    Escape: () => (router.history.canGoBack() ? router.history.back() : void navigate({ to: '/requests' })),
  })
  const { data, error, refetch } = useQuery(request(id))

  if (error !== null && faultOf(error).code === 'not_found') {
    return (
      <Empty title="There is no such request, or you may not see it">
        <p>It may have been deleted by retention. Members see their own requests; owners and auditors see all.</p>
      </Empty>
    )
  }
  if (data === undefined && error !== null && wantsReason(faultOf(error))) {
    return <AskReason fault={faultOf(error)} onGiven={() => void refetch()} />
  }
  return (
    <div className="space-y-4 px-4 py-3">
      <h1 className="flex min-h-8 flex-wrap items-center gap-x-3 text-lg">
        <span className="flex items-center gap-1">
          Request <span className="mono">{shortId(id)}</span>
          <CopyIcon label="Copy the request id" text={id} />
        </span>
        {data !== undefined && (
          <span className="text-sm font-normal">
            <OutcomeState outcome={data.interception.outcome} />
          </span>
        )}
      </h1>
      {error !== null && (
        <FaultNotice
          what="The request could not be read"
          fault={faultOf(error)}
          stale={data !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {data === undefined && error === null && (
        <div className="late h-24 rounded bg-hover" role="status" aria-label="Loading" />
      )}
      {data !== undefined && (
        <>
          <Overview of={data.interception} />
          <Timings of={data.interception} />
          <Bodies of={data.interception} />
          <Events events={data.events} />
        </>
      )}
    </div>
  )
}

function Overview({ of }: { of: Interception }) {
  return (
    <>
      {of.error_message !== null && (
        <p className="rounded-lg border border-bad bg-bad-tint px-3 py-2 text-bad">
          <HostileLine text={of.error_type ?? 'failed'} />{' '}
          <span className="text-text">
            <HostileLine text={of.error_message} />
          </span>
        </p>
      )}
      <dl className="flex flex-wrap gap-x-6 gap-y-2">
        <Fact name="Initiator">
          <Person user={of.initiator} />
        </Fact>
        <Fact name="Credential">
          <HostileLine text={of.api_key_id} />
        </Fact>
        <Fact name="Client">
          <ClientName client={of.client} version={of.client_version} />
        </Fact>
        <Fact name="Model">
          <Model asked={of.model} served={of.model_served} />
        </Fact>
        <Fact name="Provider">
          <HostileLine text={of.provider_name} />
        </Fact>
        <Fact name="Started">
          <Time at={of.started_at} milliseconds />
        </Fact>
        <Fact name="Session">
          <Link
            to="/sessions/$id"
            params={{ id: of.session_id }}
            search={{ at: `${of.id}.0` }}
            className="mono inline-flex min-h-6 items-center text-link underline"
          >
            {shortId(of.session_id)}
          </Link>
        </Fact>
        {of.boundary !== null && (
          <Fact name="Boundary">
            <FromBoundary of={of.boundary} />
          </Fact>
        )}
        {of.agent_id !== null && (
          <Fact name="Sub-agent">
            <HostileLine text={of.agent_id} />
          </Fact>
        )}
        <Fact name="HTTP status">{of.status_code ?? <span className="text-muted">none given</span>}</Fact>
        <Fact name="Stop reason">
          {of.stop_reason === null ? (
            <span className="text-muted">none stated</span>
          ) : (
            <HostileLine text={of.stop_reason} />
          )}
        </Fact>
        <Fact name="Answer">{of.streaming ? 'streamed' : 'in one piece'}</Fact>
        <Fact name="Tool calls">
          <Count value={of.tool_calls} />
        </Fact>
        <Tokens usage={of.token_usage} />
        <Fact name="Source of tokens">
          {
            { provider: 'stated by the provider', partial: 'last stated before it was cut off', none: 'none stated' }[
              of.token_usage.source
            ]
          }
        </Fact>
        <Fact name="Provider’s request id">
          <HostileLine text={of.provider_request_id ?? 'none'} />
        </Fact>
        <Fact name={of.credential_kind === 'byok' ? 'The user’s own credential' : 'Provider’s key'}>
          <HostileLine text={of.credential_hint === '' ? 'none' : of.credential_hint} />
        </Fact>
        <Fact name="Source address">
          <HostileLine text={of.source_ip ?? 'unknown'} />
        </Fact>
        <Fact name="User agent">
          <HostileLine text={of.user_agent ?? 'none'} />
        </Fact>
        <Fact name="Capture level">{of.capture}</Fact>
        {of.masked > 0 && (
          <Fact name="Masked secrets">
            <Count value={of.masked} />
          </Fact>
        )}
        {of.content_withheld && <WithheldFact />}
        {of.content_removed_at !== null && <RemovedFact at={of.content_removed_at} tools={of.tool_names} />}
      </dl>
      {of.attempts.length > 1 && <Attempts of={of.attempts} />}
      {of.decisions.length > 0 && <Decisions of={of.decisions} />}
    </>
  )
}

/** What the policy said, in the order in which it was asked. */
function Decisions({ of }: { of: Interception['decisions'] }) {
  return (
    <section aria-labelledby="decisions" className="mt-4">
      <h2 id="decisions" className="mb-1.5 text-base">
        Policy <span className="num font-normal text-muted">{of.length}</span>
      </h2>
      <ul className="grid gap-1">
        {of.map((decision, index) => (
          <li key={index} className="flex flex-wrap gap-x-3">
            <span className={decision.allowed ? 'text-ok' : 'text-warn'}>
              {decision.allowed ? 'allowed' : 'denied'}
            </span>
            <span>
              {decision.subject === 'model' ? 'model' : 'tool'} <HostileLine text={decision.name} />
            </span>
            {decision.rule !== null && (
              <span>
                by <HostileLine text={decision.rule} />
              </span>
            )}
            <span className="num text-muted">held {duration(decision.held_ms)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Every time that the provider was asked, when once was not enough. */
function Attempts({ of }: { of: Interception['attempts'] }) {
  return (
    <section aria-labelledby="attempts" className="mt-4">
      <h2 id="attempts" className="mb-1.5 text-base">
        Attempts <span className="num font-normal text-muted">{of.length}</span>
      </h2>
      <ol className="grid gap-1">
        {of.map((attempt, index) => (
          <li key={index} className="flex flex-wrap gap-x-3">
            <span className="num text-muted">{index + 1}.</span>
            <HostileLine text={attempt.credential_hint === '' ? 'no key' : attempt.credential_hint} />
            <span className="num">{attempt.status_code ?? 'no answer'}</span>
            {attempt.error_type !== null && <HostileLine text={attempt.error_type} />}
            <span className="num text-muted">{duration(attempt.waited_ms)}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** Reeve’s own part, the wait for the first byte, and the answer; drawn to scale, and said in words. */
function Timings({ of }: { of: Interception }) {
  const { duration_ms: total, time_to_first_byte_ms: first, gateway_ms: own } = of
  if (total === null) return <p className="text-muted">Its timings are known when it has ended.</p>
  const gateway = own ?? 0
  const wait = Math.max(0, (first ?? total) - gateway)
  const answer = Math.max(0, total - (first ?? total))
  const parts = [
    ['Reeve', gateway, 'var(--link)'],
    ['provider until the first byte', wait, 'var(--tool)'],
    ['answer', answer, 'var(--model)'],
  ] as const
  return (
    <section aria-labelledby="timings">
      <h2 id="timings" className="mb-1.5 text-base">
        Timings <span className="num font-normal text-muted">{duration(total)}</span>
      </h2>
      <svg viewBox="0 0 1000 10" preserveAspectRatio="none" className="h-2.5 w-full rounded" aria-hidden>
        {parts.map(([name, ms, colour], at) => {
          const before = parts.slice(0, at).reduce((sum, [, one]) => sum + one, 0)
          return (
            <rect
              key={name}
              x={(before / total) * 1000}
              width={Math.max(ms > 0 ? 2 : 0, (ms / total) * 1000)}
              height={10}
              fill={colour}
            />
          )
        })}
      </svg>
      <ul className="mt-1.5 flex flex-wrap gap-x-5 text-muted">
        {parts.map(([name, ms, colour]) => (
          <li key={name} className="flex items-center gap-1.5">
            <span className="lane-bar size-2.5 rounded-xs" style={{ background: colour }} aria-hidden />
            {name}{' '}
            <span className="num text-text" title={`${ms} ms`}>
              {ms > 0 && ms < 10 ? `${ms.toFixed(1)} ms` : duration(ms)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Bodies({ of }: { of: Interception }) {
  const query = new URLSearchParams(readingReason()).toString()
  const sides = [
    ['request', of.request_bytes, of.request_sha256],
    ...(of.sent === null ? [] : [['sent', of.sent.bytes, of.sent.sha256] as const]),
    ['response', of.response_bytes, of.response_sha256],
  ] as const
  return (
    <section aria-labelledby="bytes">
      <h2 id="bytes" className="mb-1.5 text-base">
        {of.masked > 0 ? 'Bytes, secrets masked' : 'Exact bytes'}
      </h2>
      {of.sent !== null && (
        <div className="mb-1.5 overflow-hidden text-muted">
          The provider was asked in another form, at
          <div className="mono wrap-anywhere">
            <HostileText text={of.sent.path} />
          </div>
        </div>
      )}
      <ul className="flex flex-wrap gap-x-6 gap-y-2">
        {sides.map(([side, size, sha]) => (
          <li key={side} className="flex flex-wrap items-center gap-2">
            {size > 0 && of.capture === 'full' && !of.content_withheld && of.content_removed_at === null ? (
              <a
                href={`/api/v2/aibridge/interceptions/${encodeURIComponent(of.id)}/body/${side}${query === '' ? '' : `?${query}`}`}
                download
                className={buttonClass()}
              >
                <Download size={14} aria-hidden />
                Download the {side}
              </a>
            ) : (
              <span className="text-muted">
                {size === 0
                  ? `no ${side}`
                  : of.content_removed_at !== null
                    ? `${side}: ${removedOn(of.content_removed_at)}`
                    : of.content_withheld
                      ? `${side} withheld`
                      : `${side} not captured (level: ${of.capture})`}
              </span>
            )}
            <span className="num text-muted" title={`${exact(size)} bytes`}>
              {bytes(size)}
            </span>
            {sha !== null && (
              <span className="mono text-xs text-muted" title={sha}>
                sha256 {sha.slice(0, 12)}…
                <CopyIcon label={`Copy the SHA-256 of the ${side}`} text={sha} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Events({ events }: { events: readonly TimelineEvent[] }) {
  const rows = useMemo(() => buildRows(events), [events])
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [count, setCount] = useState(200)
  const zone = useZone()
  const now = useNow(60_000)
  const toggle = (id: string) =>
    setOpen((old) => {
      const next = new Set(old)
      if (!next.delete(id)) next.add(id)
      return next
    })
  return (
    <section aria-labelledby="events">
      <h2 id="events" className="mb-1.5 text-base">
        What it brought and was answered
      </h2>
      <div className="-mx-4">
        {rows.slice(0, count).map((row) => (
          <article key={row.id} aria-label={eventName(row)} className={isFailure(row) ? 'bg-bad-tint' : ''}>
            <EventBody
              row={row}
              active
              open={open.has(row.id)}
              mark=""
              zone={zone}
              now={now}
              linked={false}
              onToggle={toggle}
            />
          </article>
        ))}
      </div>
      {rows.length > count && (
        <button type="button" className={buttonClass()} onClick={() => setCount(count + 200)}>
          Show more of {exact(rows.length)} events
        </button>
      )}
    </section>
  )
}

/** Only a signature that held leads to the boundary's decisions: without it the name is what the client says. */
function FromBoundary({ of }: { of: NonNullable<Interception['boundary']> }) {
  if (!of.verified) return <span title={of.session_id}>{shortId(of.session_id)}, not verified</span>
  return (
    <Link
      to="/network"
      search={{ q: `session:${of.session_id}` }}
      className="mono inline-flex min-h-6 items-center text-link underline"
      title={of.session_id}
    >
      {shortId(of.session_id)}
    </Link>
  )
}
