import type { OfferedStream, StreamHandlers } from '@reeve/base'
import { StreamHeader } from '@reeve/sdk'
import { answerContainers } from './containers.ts'
import { answerPorts } from './listening-ports.ts'
import { runProcess } from './run-process.ts'
import { connectTcp } from './connect-tcp.ts'
import type { Place } from './place.ts'
import { createTerminals } from './terminals.ts'

export interface AcceptStreams extends Disposable {
  /** Takes a stream that the control plane opens, or says why not. */
  (header: Uint8Array, offered: OfferedStream): StreamHandlers | string
}

/** The control plane has looked at who asks: whatever it opens, the owner of the workspace may do here. */
export function acceptStreams(place: Place): AcceptStreams {
  const terminals = createTerminals(place)
  const accept = (bytes: Uint8Array, offered: OfferedStream): StreamHandlers | string => {
    const header = readHeader(bytes)
    if (header === null) return 'this agent is older than what is asked of it: restart the workspace'
    if (header.kind === 'tcp') return connectTcp(header.port, offered)
    if (header.kind === 'ports') return answerPorts(offered)
    if (header.kind === 'containers') return answerContainers(place, offered)
    const { command, terminal, session } = header
    if (terminal === null) return runProcess(command, place, offered)
    return terminals.attach({ command, size: terminal, session }, offered)
  }
  return Object.assign(accept, { [Symbol.dispose]: () => terminals[Symbol.dispose]() })
}

function readHeader(bytes: Uint8Array): StreamHeader | null {
  try {
    return StreamHeader.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data ?? null
  } catch {
    return null
  }
}
