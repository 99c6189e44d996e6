import { actLine, reasonText, type BoundaryEvent, type TimelineDecision, type TimelineEvent } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowUpRight, Ban, Check, Eye } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import { faultOf } from '../api/query-client.ts'
import { treeText } from '../network/words.ts'
import { exact, plural } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { clockTime, type Zone } from '../ui/instant.ts'
import { boundaryLines } from './boundary-lines.ts'
import { TimelineLine } from './line.tsx'
import { laneColour } from './minimap.tsx'
import { inputHeadline, type DecisionRow } from './rows.ts'

interface DecisionProps {
  readonly row: DecisionRow
  /** Whether it has the focus: only then are its controls tab stops. */
  readonly active: boolean
  readonly open: boolean
  readonly mark: string
  readonly zone: Zone
  readonly now: Date
  /** The tool calls of the session by the id of their event. */
  readonly calls: ReadonlyMap<string, TimelineEvent>
  readonly onToggle: (id: string) => void
  /** Shows another event of the session. */
  readonly onJump: (id: string) => void
}

const looks = {
  allowed: ['allowed', Check, laneColour.boundary],
  denied: ['denied', Ban, 'var(--bad)'],
  observed: ['would deny', Eye, 'var(--warn)'],
} as const

/** What a boundary decided between two events: one denial, or a run of what was allowed that opens. */
export const DecisionBody = memo(function DecisionBody(props: DecisionProps) {
  const { row, active, open, mark, zone, now, onToggle } = props
  const { decision } = row
  const [title, icon, colour] = looks[decision.verdict]
  const isQuiet = decision.verdict === 'allowed'
  return (
    <TimelineLine time={decision.time} {...{ zone, now, colour, icon, title }} quiet={isQuiet}>
      <div className="flex flex-wrap items-center gap-x-2 sm:flex-nowrap">
        <button
          type="button"
          tabIndex={active ? 0 : -1}
          aria-expanded={open}
          title={open ? 'Show less' : 'Show more'}
          className="mono flex min-h-6 min-w-0 flex-1 items-center overflow-hidden rounded text-left hover:bg-hover"
          onClick={() => onToggle(row.id)}
        >
          <HostileLine text={headline(decision)} mark={mark} inControl />
        </button>
        <Attribution {...props} />
      </div>
      {open && (decision.event === null ? <Run decision={decision} {...{ active, zone }} /> : <One {...props} />)}
    </TimelineLine>
  )
})

function headline({ event, count, names }: TimelineDecision): string {
  if (event !== null && count === 1) return actLine(event)
  return names.length === 0 ? `${exact(count)} more` : `${exact(count)} · ${names.join(', ')}`
}

const callsMax = 2

/** From which tool call, as far as anything tells. */
function Attribution({ row: { decision }, active, calls, onJump }: DecisionProps) {
  const { attribution, tool_calls: ids } = decision
  if (attribution === 'none') return null
  return (
    <span className="flex min-w-0 shrink items-center gap-1 text-xs text-muted sm:max-w-[45%]">
      <span
        className="shrink-0"
        title={
          attribution === 'sure'
            ? 'The process, the host or the file is the one that the call names'
            : 'Open at that moment; it may come from none of them'
        }
      >
        {attribution === 'sure' ? 'by' : 'while open:'}
      </span>
      {ids.slice(0, callsMax).map((id) => (
        <button
          key={id}
          type="button"
          tabIndex={active ? 0 : -1}
          title="Go to the tool call"
          className="flex min-h-6 min-w-0 items-center rounded hover:text-link hover:underline"
          onClick={() => onJump(id)}
        >
          <HostileLine text={callName(calls.get(id))} inControl />
        </button>
      ))}
      {ids.length > callsMax && <span className="shrink-0">and {exact(ids.length - callsMax)} more</span>}
    </span>
  )
}

function callName(call: TimelineEvent | undefined): string {
  if (call === undefined) return 'a tool call'
  const input = call.text === null ? '' : inputHeadline(call.text).slice(0, 120)
  return `${call.tool_name ?? 'unnamed tool'} ${input}`.trim()
}

function NetworkLink({
  q,
  event,
  active,
  children,
}: {
  q: string
  event?: string
  active: boolean
  children: ReactNode
}) {
  return (
    <Link
      to="/network"
      search={{ q, ...(event === undefined ? {} : { event }) }}
      tabIndex={active ? 0 : -1}
      className="inline-flex min-h-6 items-center gap-0.5 rounded hover:text-link hover:underline"
    >
      {children}
      <ArrowUpRight size={12} aria-hidden />
    </Link>
  )
}

const queryOf = ({ boundary_session_id: id, first_seq: first, last_seq: last, verdict }: TimelineDecision): string =>
  `session:${id} seq:${first}..${last} verdict:${verdict}`

function One({ row: { decision }, active }: DecisionProps) {
  const { event } = decision
  if (event === null) return null
  const facts: readonly (readonly [string, string])[] = [
    ['why', event.would === 'allow' ? '' : reasonText(event.reason)],
    ['rule', event.policy === null ? event.rule : `${event.rule} of ${event.policy.name}@v${event.policy.version}`],
    ['workspace', placeText(event.workspace)],
    ['started by', treeText(event.process?.tree ?? [])],
    ['command line', event.process?.argv.join(' ').slice(0, 600) ?? ''],
    ['explained by', event.denial === null ? '' : `reeve explain ${event.denial}`],
  ]
  return (
    <dl className="mt-1 grid grid-cols-[6rem_minmax(0,1fr)] gap-x-3 rounded-md bg-sunken px-2.5 py-1.5 text-xs leading-5 text-text">
      {facts.map(
        ([name, value]) =>
          value !== '' && (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd className="min-w-0 wrapped">
                <HostileLine text={value} />
              </dd>
            </div>
          ),
      )}
      <dt className="sr-only">Decision</dt>
      <dd className="col-start-2">
        <NetworkLink q={`session:${event.session_id}`} event={event.denial ?? event.id} active={active}>
          open decision
        </NetworkLink>
      </dd>
    </dl>
  )
}

function placeText(workspace: BoundaryEvent['workspace']): string {
  if (workspace === null) return ''
  const { name, template_name: template, task_name: task } = workspace
  return `${name}, of the template ${template}${task === null ? '' : `, for the task ${task}`}`
}

const linesMax = 50

/** The decisions of a run, as far as they fit a page; the Network page has all of them. */
function Run({ decision, active, zone }: { decision: TimelineDecision; active: boolean; zone: Zone }) {
  const q = queryOf(decision)
  const { data, error } = useQuery(boundaryLines(q, linesMax))
  return (
    <div className="mt-1 rounded-md bg-sunken px-2.5 py-1.5 text-xs leading-5 text-text">
      {error !== null && <p className="text-bad">The decisions could not be read: {faultOf(error).message}</p>}
      {data === undefined && error === null && (
        <p role="status" className="late text-muted">
          Reading decisions
        </p>
      )}
      {data !== undefined && (
        <ul>
          {data.events.map((event) => (
            <Line key={event.id} event={event} zone={zone} />
          ))}
        </ul>
      )}
      <NetworkLink q={q} active={active}>
        {data !== undefined && data.events.length < data.count
          ? `the latest ${exact(data.events.length)} of ${plural(data.count, 'line')} · all of them`
          : 'open in Network'}
      </NetworkLink>
    </div>
  )
}

const Line = ({ event, zone }: { event: BoundaryEvent; zone: Zone }) => (
  <li className="flex min-w-0 gap-2">
    <span className="num mono shrink-0 text-muted" title="On the boundary’s own clock">
      {clockTime(new Date(event.time), zone, true)}
    </span>
    <span className="mono min-w-0 flex-1 truncate">
      <HostileLine text={actLine(event)} />
    </span>
    <span className="max-w-[40%] shrink-0 truncate text-muted">
      <HostileLine text={treeText(event.process?.tree ?? [])} />
    </span>
  </li>
)

/** What a screen reader hears first when a decision gets the focus. */
export function decisionName({ decision: { verdict, count, names, event } }: DecisionRow): string {
  const what = event !== null && count === 1 ? actLine(event) : `${plural(count, 'decision')} ${names.join(', ')}`
  return `boundary ${looks[verdict][0]}, ${what}`
}
