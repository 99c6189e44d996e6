import type { Socket } from 'node:net'
import type { Decision } from '@reeve/policy'
import type { Caller } from '../jail/jail.ts'
import { baseFacts } from './facts.ts'
import { type Answered, answered, isAsked } from './held.ts'
import type { Verdict } from './judge.ts'
import type { Services } from './services.ts'

interface Waiting {
  readonly socket: Socket
  readonly host: string
  readonly port: number
  readonly caller: Caller | null
  /** The client has nothing to say before it is answered: the end of what it sends is that it has gone. */
  readonly speaksLater: boolean
}

/** A connection that a rule asks about, before it leads anywhere. No byte that the client sends meanwhile is lost. */
export async function heldConnection<D extends Decision>(
  services: Services,
  { socket, host, port, caller, speaksLater }: Waiting,
  judge: () => Verdict<D>,
): Promise<Answered<D>> {
  const verdict = judge()
  if (!isAsked(services, verdict)) return { verdict, asked: null }
  const gone = new AbortController()
  const leave = () => gone.abort()
  // The end is seen only behind what came before it, and that stays where it is.
  const onReadable = () => {
    if (socket.readableLength === 0) socket.read()
  }
  socket.once('close', leave)
  if (speaksLater) socket.once('end', leave).on('readable', onReadable)
  if (socket.destroyed) leave()
  const answer = await answered(services, {
    text: `connect ${host}:${port}`,
    judge,
    net: baseFacts(host, port),
    caller,
    gone: gone.signal,
    startedMs: services.clock.monotonicMs(),
  })
  socket.off('close', leave).off('end', leave).off('readable', onReadable)
  return answer
}
