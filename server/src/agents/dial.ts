import type { Duplex } from 'node:stream'
import type { Uuid } from '@reeve/base'

/**
 * A TCP connection to 127.0.0.1 in the workspace of an agent, whichever replica the agent is connected to. Rejects with a
 * `Fault`: `conflict` when it is not connected, `unavailable` when nothing listens there or nobody answers.
 */
export type Dial = (agentId: Uuid, port: number, signal?: AbortSignal) => Promise<Duplex>
