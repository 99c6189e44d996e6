import { useQuery } from '@tanstack/react-query'
import type { TimelineEvent } from '@reeve/sdk'
import { useState } from 'react'
import { request } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { Button, buttonClass } from '../ui/button.tsx'
import { bytes, exact, plural } from '../ui/format.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { foldText } from './rows.ts'

/** As much of one text as is put into the document at once. */
const pieceChars = 64 * 1024

/**
 * A text of any length: its head and tail while folded, all that was sent along when open, 64 Ki characters at a time;
 * what the timeline cut off is fetched with its request.
 */
export function LongText({
  event,
  text,
  open,
  head,
  tail = 0,
  mark,
  tab,
  onOpen,
}: {
  event: TimelineEvent
  text: string
  open: boolean
  head: number
  tail?: number
  mark: string
  /** Whether controls are tab stops: only those of the event that has the focus are. */
  tab: boolean
  onOpen: () => void
}) {
  const [pieces, setPieces] = useState(1)
  const [whole, setWhole] = useState(false)
  const folded = open ? null : foldText(text, head, tail)
  const tabIndex = tab ? 0 : -1
  if (folded !== null) {
    return (
      <>
        <HostileText text={folded.head} mark={mark} />
        <button type="button" tabIndex={tabIndex} onClick={onOpen} className={unfold}>
          {folded.hiddenLines > 0
            ? plural(folded.hiddenLines, 'more line')
            : `${exact(text.length - folded.head.length - folded.tail.length)} more characters`}
          <span className="text-muted"> · {bytes(event.text_bytes)} in all</span>
        </button>
        {folded.tail !== '' && <HostileText text={folded.tail} mark={mark} />}
      </>
    )
  }
  const end = pieces * pieceChars
  return (
    <>
      <HostileText text={text.slice(0, end)} mark={mark} />
      {text.length > end && (
        <button type="button" tabIndex={tabIndex} onClick={() => setPieces(pieces + 1)} className={unfold}>
          show the next {exact(Math.min(pieceChars, text.length - end))} of {exact(text.length - end)} characters
        </button>
      )}
      {event.truncated && !whole && (
        <p className="mt-1 flex flex-wrap items-center gap-2 font-sans text-muted">
          Cut here; the whole text has {bytes(event.text_bytes)}.
          <Button tabIndex={tabIndex} onClick={() => setWhole(true)}>
            Load the rest
          </Button>
          <BodyLink event={event} tabIndex={tabIndex} />
        </p>
      )}
      {event.truncated && whole && <Rest event={event} shown={text} mark={mark} tabIndex={tabIndex} />}
    </>
  )
}

const unfold = 'my-0.5 block min-h-6 rounded px-1.5 font-sans text-xs text-link hover:bg-hover'

/** Where the exact bytes are: what a client sent is in the request, what a model wrote in the response. */
function BodyLink({ event, tabIndex }: { event: TimelineEvent; tabIndex: number }) {
  const side =
    event.kind === 'prompt' || event.kind === 'context' || event.kind === 'tool_result' ? 'request' : 'response'
  return (
    <a
      href={`/api/v2/aibridge/interceptions/${encodeURIComponent(event.interception_id)}/body/${side}`}
      download
      tabIndex={tabIndex}
      className={buttonClass()}
    >
      Download the exact {side}
    </a>
  )
}

function Rest({
  event,
  shown,
  mark,
  tabIndex,
}: {
  event: TimelineEvent
  shown: string
  mark: string
  tabIndex: number
}) {
  const { data, error, refetch } = useQuery(request(event.interception_id))
  const [pieces, setPieces] = useState(1)
  if (error !== null)
    return <FaultNotice what="The rest could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
  if (data === undefined) return <p className="late text-muted">Reading the rest</p>
  const text = data.events.find(({ id }) => id === event.id)?.text ?? ''
  const rest = text.startsWith(shown) ? text.slice(shown.length) : text
  if (rest === '') {
    return (
      <p className="mt-1 flex flex-wrap items-center gap-2 font-sans text-muted">
        The record keeps no more of it as text. <BodyLink event={event} tabIndex={tabIndex} />
      </p>
    )
  }
  return (
    <>
      <HostileText text={rest.slice(0, pieces * pieceChars)} mark={mark} />
      {rest.length > pieces * pieceChars && (
        <button type="button" tabIndex={tabIndex} onClick={() => setPieces(pieces + 1)} className={unfold}>
          show more
        </button>
      )}
    </>
  )
}
