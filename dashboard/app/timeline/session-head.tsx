import type { Session } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { useNow } from '../hooks/use-clock.ts'
import { useZone } from '../hooks/use-zone.ts'
import type { WatchState } from '../api/use-watch.ts'
import { ClientName, SessionDuration } from '../pages/session-columns.tsx'
import { ExportButton } from '../session-export/export-button.tsx'
import { CopyIcon } from '../ui/copy.tsx'
import { Count, Fact, Person, SessionStatus, Time } from '../ui/facts.tsx'
import { compact, exact, removedOn, shortId } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { zoneName } from '../ui/instant.ts'
import { LiveChip } from '../ui/live-chip.tsx'

type Head = Omit<Session, 'threads'>

const grouped: Readonly<Record<Session['grouped_by'], string>> = {
  client_id: 'by the client’s own session id',
  content_prefix: 'because they begin alike; the client sends no session id',
  request: 'a single request',
}

/** Who, with what, when, how much: the facts of a session before what happened in it. */
export function SessionHead({ id, session, watch }: { id: string; session: Head | undefined; watch: WatchState }) {
  const zone = useZone()
  const now = useNow(3_600_000)
  return (
    <div className="px-4 pt-3 pb-3">
      <div className="mb-2 flex min-h-8 flex-wrap items-center gap-x-3">
        <h1 className="flex min-w-0 items-center gap-1 text-lg">
          Session <span className="mono">{shortId(id)}</span>
          <CopyIcon label="Copy the session id" text={id} />
        </h1>
        {session !== undefined && <SessionStatus status={session.status} />}
        <span className="ml-auto flex items-center gap-3">
          {(session?.status === 'live' || watch.kind === 'lost') && <LiveChip state={watch} />}
          {session !== undefined && <ExportButton q={`session_id:${id}`} what="This session" />}
        </span>
      </div>
      {session === undefined ? (
        <div className="late h-10 w-2/3 rounded bg-hover" role="status" aria-label="Loading" />
      ) : (
        <dl className="flex flex-wrap gap-x-6 gap-y-2">
          <Fact name="Initiator">
            <Person user={session.initiator} />
          </Fact>
          <Fact name="Client">
            <ClientName client={session.client} version={session.client_version} />
          </Fact>
          <Fact name="Models">
            <HostileLine text={session.models.join(', ')} />
          </Fact>
          <Fact name={`Started (${zoneName(zone, now)})`}>
            <Time at={session.started_at} />
          </Fact>
          <Fact name="Duration">
            <SessionDuration session={session} />
          </Fact>
          <Tokens usage={session.token_usage_summary} />
          <Fact name="Requests">
            <Link
              to="/requests"
              search={{ q: `session_id:${id}` }}
              className="inline-flex min-h-6 items-center text-link underline decoration-1 underline-offset-2"
            >
              <Count value={session.requests} />
            </Link>
          </Fact>
          <Fact name="Tool calls">
            <Count value={session.tool_calls} />
          </Fact>
          {session.agents > 0 && (
            <Fact name="Sub-agents">
              <Count value={session.agents} />
            </Fact>
          )}
          {session.content_withheld && <WithheldFact />}
          {session.content_removed_at !== null && <RemovedFact at={session.content_removed_at} />}
          <Fact name="Grouped">
            <span className="text-muted">{grouped[session.grouped_by]}</span>
          </Fact>
        </dl>
      )}
    </div>
  )
}

/** Says why there are no words where there should be some, and what would show them. */
export function WithheldFact() {
  return (
    <Fact name="Words">
      <span className="text-muted" title="They need the permission interception_content:read">
        withheld: another person’s, which your roles do not show
      </span>
    </Fact>
  )
}

/** Says why there are no words any more. Days of retention are UTC days. */
export function RemovedFact({ at, tools = null }: { at: string; tools?: readonly string[] | null }) {
  return (
    <>
      <Fact name="Content">
        <span className="text-muted">{removedOn(at)}</span>
      </Fact>
      {tools !== null && tools.length > 0 && (
        <Fact name="Tools called">
          <HostileLine text={tools.join(', ')} />
        </Fact>
      )}
    </>
  )
}

const ofIt = (count: number, what: string): string => (count === 0 ? '' : `, ${exact(count)} of it ${what}`)

/** Tokens by class. The classes of input add up to what the model read; none is counted twice. */
export function Tokens({ usage }: { usage: Session['token_usage_summary'] }) {
  const classes = [
    ['fresh', usage.input_tokens, ofIt(usage.audio_input_tokens, 'sound')],
    ['cache write', usage.cache_write_input_tokens, ofIt(usage.cache_write_1h_input_tokens, 'kept for an hour')],
    ['cache read', usage.cache_read_input_tokens, ''],
    ['out', usage.output_tokens, ofIt(usage.reasoning_tokens, 'thought') + ofIt(usage.audio_output_tokens, 'sound')],
  ] as const
  return (
    <Fact name="Tokens">
      <span className="num flex flex-wrap gap-x-2">
        {classes.map(([name, value, part]) => (
          <span key={name} title={`${exact(value)} ${name}${part}`} className="whitespace-nowrap">
            {compact(value)} <span className="text-muted">{name}</span>
          </span>
        ))}
      </span>
    </Fact>
  )
}
