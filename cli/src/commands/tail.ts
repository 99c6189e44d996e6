import { Fault } from '@reeve/base'
import { type Client, endpoints, follow, type Followed, type TimelineEvent } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { shortId } from '../output/fields.ts'
import type { Answer } from '../output/answer.ts'
import { timelineEvent } from '../output/timeline.ts'
import { reasonQuery, type ReasonInput } from './reason.ts'
import { resolveSession, timelineAnswer } from './sessions.ts'
import { timelineReader } from './timeline-reader.ts'

interface TailInput extends ReasonInput {
  readonly id: string | undefined
  readonly lines: number | undefined
  readonly full: boolean
}

type Why = ReturnType<typeof reasonQuery>

/** The API's event, and whose session it is: a tail of everything mixes them. */
type TailEvent = TimelineEvent & { readonly session_id: string }

const linesDefault = 10

export async function tailSessions(context: Context, input: TailInput): Promise<Answer<TailEvent>> {
  const client = await context.client()
  const id = input.id === undefined ? null : await resolveSession(context, client, input.id)
  // Asked once before the watch: what is wrong from the beginning is an error, what goes wrong later is tried again.
  const why = reasonQuery(input)
  if (id !== null) await client.call(endpoints.getSession, { params: { id }, query: why, signal: context.io.signal })
  const lines = input.lines ?? linesDefault
  const rows = id === null ? tailAll(context, client, why) : tailOne(context, client, { id, lines, why })
  return {
    ...timelineAnswer<TailEvent>(
      rows,
      input.full,
      (all) => all,
      () => '',
    ),
    endless: true,
    page: async function* (events, screen) {
      for await (const event of events) {
        const time = timeOfDay(event.time, screen.timeZone)
        yield timelineEvent(event, screen, input.full, id === null ? `${shortId(event.session_id)} ${time}` : time)
      }
    },
  }
}

async function* tailOne(
  context: Context,
  client: Client,
  { id, lines, why }: { readonly id: string; readonly lines: number; readonly why: Why },
): AsyncGenerator<TailEvent> {
  const { signal } = context.io
  const read = timelineReader(client, id, why, signal)
  let past: TimelineEvent[] | null = []
  const watch = follow(() => client.events(endpoints.watchSession, { params: { id }, query: why, signal }), { signal })
  for await (const told of watch) {
    if (sayWhenLost(context, told)) continue
    for await (const event of read()) {
      if (past === null) yield { ...event, session_id: id }
      else past.push(event)
    }
    if (past === null) continue
    const begin = lines === 0 ? [] : past.slice(-lines)
    past = null
    for (const event of begin) yield { ...event, session_id: id }
  }
}

/** A session that is not among this many latest is read anew when it comes back. */
const readersMax = 256

/** Everything that happens from now on in every session that the caller may see. */
async function* tailAll(context: Context, client: Client, why: Why): AsyncGenerator<TailEvent> {
  const { signal } = context.io
  const readers = new Map<string, ReturnType<typeof timelineReader>>()
  // The server's own clock, in the form of its latest activity, says what is past: the clock here may be wrong.
  let since = (await latestSessions(client, signal)).reduce((latest, [, active]) => Math.max(latest, active), 0)

  async function* news(id: string): AsyncGenerator<TailEvent> {
    const read = readers.get(id) ?? timelineReader(client, id, why, signal)
    readers.delete(id)
    readers.set(id, read)
    const [oldest] = readers.keys()
    if (readers.size > readersMax && oldest !== undefined) readers.delete(oldest)
    for await (const event of read()) {
      if (new Date(event.time).getTime() > begin) yield { ...event, session_id: id }
    }
  }

  const begin = since
  const watch = follow(() => client.events(endpoints.watchSessions, { signal }), { signal })
  for await (const told of watch) {
    if (sayWhenLost(context, told)) continue
    if (told.kind === 'event') {
      since = Math.max(since, new Date(told.event.last_active_at).getTime())
      yield* news(told.event.session_id)
    } else {
      const missed = (await latestSessions(client, signal)).filter(([, active]) => active > since)
      for (const [id] of missed) yield* news(id)
    }
  }
}

async function latestSessions(client: Client, signal: AbortSignal): Promise<[id: string, active: number][]> {
  const { sessions } = await client.call(endpoints.listSessions, { query: { content: 'false', limit: 100 }, signal })
  return sessions.map((session) => [session.id, new Date(session.last_active_at).getTime()])
}

function sayWhenLost<R>(context: Context, told: Followed<R>): told is Extract<Followed<R>, { kind: 'lost' }> {
  if (told.kind !== 'lost') return false
  const why = told.fault === null ? 'the server ended it' : told.fault.message
  context.note(`the connection is gone (${why}); trying again in ${(told.retryMs / 1000).toFixed(1)} s`)
  return true
}

function timeOfDay(instant: string, timeZone: string | undefined): string {
  const at = new Date(instant)
  if (Number.isNaN(at.getTime())) throw new Fault('upstream', 'the server sent an event without a time')
  return new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(
    at,
  )
}
