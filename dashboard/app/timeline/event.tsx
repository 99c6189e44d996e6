import type { TimelineEvent } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import {
  Bot,
  BrainCircuit,
  ChevronRight,
  CircleAlert,
  CornerDownRight,
  Flag,
  MessageSquareText,
  User,
  Wrench,
  Blocks,
  ArrowUpRight,
} from 'lucide-react'
import { memo, type ReactNode } from 'react'
import { OutcomeState } from '../ui/facts.tsx'
import { bytes, compact, duration, exact, plural, removedOn, shortId } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import type { Zone } from '../ui/instant.ts'
import { TimelineLine } from './line.tsx'
import { LongText } from './long-text.tsx'
import { laneColour } from './minimap.tsx'
import { inputHeadline, isFailure, prettyInput, type Row } from './rows.ts'

export interface EventProps {
  readonly row: Row
  /** Whether it has the focus: only then are its controls tab stops. */
  readonly active: boolean
  readonly open: boolean
  readonly mark: string
  readonly zone: Zone
  readonly now: Date
  /** On the page of its own request there is no link to it. */
  readonly linked: boolean
  readonly onToggle: (id: string) => void
}

const icons = {
  prompt: User,
  context: Blocks,
  thinking: BrainCircuit,
  text: MessageSquareText,
  tool_call: Wrench,
  tool_result: CornerDownRight,
  error: CircleAlert,
  request: ChevronRight,
  end: Flag,
} as const

const titles: Readonly<Record<TimelineEvent['kind'], string>> = {
  prompt: 'prompt',
  context: 'context',
  thinking: 'thinking',
  text: 'model',
  tool_call: 'tool',
  tool_result: 'result',
  error: 'failed',
  request: 'request',
  end: 'end',
}

const isDenial = (event: TimelineEvent): boolean => event.kind === 'error' && event.outcome === 'denied'
const titleOf = (event: TimelineEvent): string => (isDenial(event) ? 'denied' : titles[event.kind])

/** One event: when, what kind, what was said. Everything in it that came from elsewhere goes through `Hostile…`. */
export const EventBody = memo(function EventBody(props: EventProps) {
  const { row, zone, now } = props
  const { event } = row
  const failed = isFailure(row)
  const colour = failed ? 'var(--bad)' : laneColour[event.lane]
  const quiet = event.kind === 'request' || event.kind === 'end' || event.kind === 'context'
  return (
    <TimelineLine time={event.time} icon={icons[event.kind]} title={titleOf(event)} {...{ zone, now, colour, quiet }}>
      {event.agent_id !== null && event.kind !== 'end' && event.kind !== 'request' && <Agent id={event.agent_id} />}
      <Content {...props} />
    </TimelineLine>
  )
})

function Agent({ id }: { id: string }) {
  return (
    <span
      className="mr-2 inline-flex items-center gap-1 self-center rounded border border-control px-1 text-xs text-muted"
      title={`sub-agent ${id}`}
    >
      <Bot size={12} aria-hidden />
      sub-agent <HostileLine text={shortId(id)} />
    </span>
  )
}

function Content(props: EventProps) {
  const { event } = props.row
  switch (event.kind) {
    case 'request':
      return <RequestLine {...props} />
    case 'end':
      return <EndLine {...props} />
    case 'prompt':
    case 'context':
      return <Labelled {...props} />
    case 'tool_call':
      return <ToolCall {...props} />
    case 'tool_result':
      return (
        <>
          <span className="text-muted">{props.linked ? 'result without a call in this session' : 'result of'} </span>
          {event.tool_name !== null && <HostileLine text={event.tool_name} />}
          <Output {...props} event={event} />
        </>
      )
    case 'thinking':
      return <TextOf {...props} head={2} />
    case 'error':
      return (
        <div className="text-bad">
          <TextOf {...props} open head={100} />
        </div>
      )
    case 'text':
      return <TextOf {...props} head={14} />
  }
}

/** Whether there are words that are not here, for one reason or another. */
const isWithout = (event: TimelineEvent): boolean => event.not_captured || event.content_withheld

function NotCaptured({ event }: { event: TimelineEvent }) {
  if (event.content_withheld && !event.not_captured) {
    return (
      <span className="rounded border border-dashed border-control px-1.5 text-muted">
        withheld · {bytes(event.text_bytes)} of another person’s words
      </span>
    )
  }
  return (
    <span className="rounded border border-dashed border-control px-1.5 text-muted">
      not captured · {event.text_bytes > 0 ? `${bytes(event.text_bytes)} kept out` : 'kept out'} by the capture level
    </span>
  )
}

function TextOf({
  row: { event },
  open,
  mark,
  active,
  onToggle,
  head,
  tail,
}: EventProps & { head: number; tail?: number }) {
  if (isWithout(event)) return <NotCaptured event={event} />
  const text = event.text ?? ''
  if (text === '') return <span className="text-muted">without text</span>
  return (
    <>
      <LongText
        event={event}
        text={text}
        open={open}
        head={head}
        {...(tail === undefined ? {} : { tail })}
        mark={mark}
        tab={active}
        onOpen={() => onToggle(event.id)}
      />
    </>
  )
}

const origins: Readonly<Record<TimelineEvent['origin'], string>> = {
  human: 'typed by a person · likely',
  agent: 'written by a coding agent for its sub-agent',
  client: 'put in by the client',
  model: 'written by the model',
  gateway: 'said by Reeve',
}

/** A prompt says who wrote it as far as that can be known; what the client put in stays folded to a line. */
function Labelled(props: EventProps) {
  const { row, open, mark, active, onToggle } = props
  const { event } = row
  const origin = <div className="text-xs leading-5 text-muted">{origins[event.origin]}</div>
  if (event.kind === 'context' && !open && !isWithout(event)) {
    return (
      <button
        type="button"
        tabIndex={active ? 0 : -1}
        aria-expanded={false}
        title="Show all of it"
        className="flex min-h-6 w-full min-w-0 items-center gap-2 rounded text-left hover:bg-hover"
        onClick={() => onToggle(event.id)}
      >
        <span className="shrink-0">{origin}</span>
        <span className="min-w-0 truncate">
          <HostileLine text={event.text ?? ''} mark={mark} inControl />
        </span>
        <span className="num ml-auto shrink-0 text-xs">{bytes(event.text_bytes)}</span>
      </button>
    )
  }
  return (
    <div className={event.kind === 'prompt' && event.origin === 'human' ? 'border-l-2 border-human pl-2.5' : ''}>
      {origin}
      <div className={event.kind === 'prompt' ? 'font-medium' : ''}>
        <TextOf {...props} head={20} tail={3} />
      </div>
    </div>
  )
}

function ToolCall(props: EventProps) {
  const { row, open, mark, active, onToggle } = props
  const { event, result } = row
  const input = event.text ?? ''
  const waited = result === null ? null : Date.parse(result.time) - Date.parse(event.time)
  return (
    <>
      <div className="flex items-baseline gap-2">
        <span className="shrink-0 font-semibold text-tool">
          <HostileLine text={event.tool_name ?? 'unnamed tool'} mark={mark} />
        </span>
        {isWithout(event) ? (
          <NotCaptured event={event} />
        ) : (
          !open && (
            <button
              type="button"
              tabIndex={active ? 0 : -1}
              aria-expanded={open}
              title="Show the whole input"
              className="mono flex min-h-6 min-w-0 flex-1 items-center overflow-hidden rounded text-left hover:bg-hover"
              onClick={() => onToggle(event.id)}
            >
              <HostileLine text={inputHeadline(input)} mark={mark} inControl />
            </button>
          )
        )}
        {event.denied_by !== null && (
          <span className="ml-auto min-w-0 text-xs font-medium text-warn">
            denied by <HostileLine text={event.denied_by} />
          </span>
        )}
        <span
          className={`ml-auto shrink-0 text-xs ${result?.is_error === true ? 'font-medium text-bad' : 'text-muted'}`}
          title="From the call to the request that brought the result"
        >
          {result === null
            ? event.denied_by === null
              ? 'no result yet'
              : ''
            : `${result.is_error ? 'failed' : 'ok'} · ${duration(waited ?? 0)}`}
        </span>
      </div>
      {open && !isWithout(event) && (
        <div className="mono mt-1 rounded-md border border-line px-2.5 py-1.5 leading-5">
          <LongText event={event} text={prettyInput(input)} open head={0} mark={mark} tab={active} onOpen={() => {}} />
        </div>
      )}
      {result !== null && <Output {...props} event={result} />}
    </>
  )
}

function Output({ event, row, open, mark, active, onToggle }: EventProps & { event: TimelineEvent }) {
  if (isWithout(event))
    return (
      <div className="mt-1">
        <NotCaptured event={event} />
      </div>
    )
  const text = event.text ?? ''
  const head = event.is_error ? 12 : 4
  return (
    <div
      className={`mono mt-1 rounded-md bg-sunken px-2.5 py-1.5 leading-5 ${event.is_error ? 'border-l-2 border-bad' : ''}`}
    >
      {text === '' ? (
        <span className="font-sans text-muted">empty result</span>
      ) : (
        <LongText
          event={event}
          text={text}
          open={open}
          head={head}
          tail={event.is_error ? 8 : 2}
          mark={mark}
          tab={active}
          onOpen={() => onToggle(row.id)}
        />
      )}
    </div>
  )
}

function RequestLink({ event, active, children }: { event: TimelineEvent; active: boolean; children: ReactNode }) {
  return (
    <Link
      to="/requests/$id"
      params={{ id: event.interception_id }}
      tabIndex={active ? 0 : -1}
      className="inline-flex min-h-6 items-center gap-0.5 rounded hover:text-link hover:underline"
    >
      {children}
      <ArrowUpRight size={12} aria-hidden />
    </Link>
  )
}

function RequestLine({ row: { event }, active, linked }: EventProps) {
  return (
    <span className="flex flex-wrap items-baseline gap-x-2 text-xs leading-6">
      {event.agent_id !== null && <Agent id={event.agent_id} />}
      <HostileLine text={event.model ?? ''} />
      {event.content_removed_at !== null && <span>{removedOn(event.content_removed_at)}</span>}
      {linked && (
        <RequestLink event={event} active={active}>
          open request
        </RequestLink>
      )}
    </span>
  )
}

function EndLine({ row: { event }, active, linked }: EventProps) {
  const usage = event.token_usage
  const parts: ReactNode[] = []
  if (event.stop_reason !== null) parts.push(<HostileLine key="stop" text={event.stop_reason} />)
  if (usage !== null && usage.source !== 'none') {
    parts.push(
      <span
        key="tokens"
        className="num"
        title={`${exact(usage.input_tokens)} fresh input, ${exact(usage.cache_write_input_tokens)} written to the cache, ${exact(usage.cache_read_input_tokens)} read from it, ${exact(usage.output_tokens)} output, ${exact(usage.reasoning_tokens)} of it thought`}
      >
        {compact(usage.input_tokens + usage.cache_write_input_tokens)} in · {compact(usage.cache_read_input_tokens)}{' '}
        cached · {compact(usage.output_tokens)} out
        {usage.source === 'partial' && ' (last stated before it was cut off)'}
      </span>,
    )
  }
  if (usage?.source === 'none') parts.push(<span key="none">no tokens stated</span>)
  if (event.duration_ms !== null)
    parts.push(
      <span key="took" className="num">
        {duration(event.duration_ms)}
      </span>,
    )
  return (
    <span className="flex flex-wrap items-center gap-x-2 text-xs leading-6">
      {event.outcome !== null && event.outcome !== 'ok' && <OutcomeState outcome={event.outcome} />}
      {parts.map((part, at) => (
        <span key={at} className="inline-flex items-center gap-2">
          {at > 0 && <span aria-hidden>·</span>}
          {part}
        </span>
      ))}
      {linked && (
        <RequestLink event={event} active={active}>
          request
        </RequestLink>
      )}
    </span>
  )
}

/** What a screen reader hears first when an event gets the focus. */
export function eventName({ event, result }: Row): string {
  const who = event.agent_id === null ? '' : 'sub-agent, '
  if (event.kind === 'tool_call') {
    const ended =
      event.denied_by !== null ? 'denied' : result === null ? 'no result yet' : result.is_error ? 'failed' : 'ok'
    return `${who}tool call ${event.tool_name ?? ''}, ${ended}`
  }
  if (event.kind === 'prompt' || event.kind === 'context') return `${who}${titleOf(event)}, ${origins[event.origin]}`
  if (event.kind === 'thinking') return `${who}thinking, ${plural(event.text_bytes, 'byte')}`
  return who + titleOf(event)
}
