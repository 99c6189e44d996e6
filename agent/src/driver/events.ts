import type { ServerResponse } from 'node:http'
import { Fault } from '@reeve/base'
import type { Change } from './transcript.ts'

const subscribersMax = 64
/** What a reader may be behind before it is cut off; it comes back and is told the present. */
const eventsBehindMax = 1024
const bytesBehindMax = 32 * 1024 * 1024

/** Calls back with the present, before it returns, and then with each change, until the returned function is called. */
type Subscribe<T> = (listener: (change: T) => void) => () => void

/** Something that changes as server-sent events: first as it stands, then each change. */
export function eventStreams<T>(
  subscribe: Subscribe<T>,
  textOf: (change: T) => string,
): (response: ServerResponse) => void {
  let open = 0
  return (response) => {
    if (open >= subscribersMax) throw new Fault('limited', 'Too many readers of events.')
    open++
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.flushHeaders()
    let behind = 0
    let live = false
    const unsubscribe = subscribe((change) => {
      behind++
      response.write(textOf(change), () => behind--)
      const tooFar = behind > eventsBehindMax || response.writableLength > bytesBehindMax
      if (live && tooFar) response.destroy()
    })
    live = true
    response.once('close', () => {
      open--
      unsubscribe()
    })
  }
}

export function changeText(change: Change, agentType: string): string {
  switch (change.kind) {
    case 'message': {
      const { id, role, content, time } = change.message
      return eventText('message_update', { id, role, message: content, time })
    }
    case 'status':
      return eventText('status_change', { status: change.status, agent_type: agentType })
    case 'trouble':
      return eventText('agent_error', change.trouble)
  }
}

export const eventText = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
