import { Counter, Gauge, type Registry } from 'prom-client'

/** What is told of the streams to agents. */
export interface StreamMeter {
  readonly sent: (bytes: number) => void
  readonly received: (bytes: number) => void
  readonly begun: (kind: string) => void
  readonly ended: (kind: string) => void
  readonly refused: (kind: string, reason: string) => void
}

export function createStreamMeter(metrics: Registry): StreamMeter {
  const registers = [metrics]
  const bytes = new Counter({
    name: 'reeve_agent_stream_bytes_total',
    help: 'Bytes that streams moved over the connections of the agents that are connected to this server.',
    labelNames: ['direction'],
    registers,
  })
  const open = new Gauge({
    name: 'reeve_agent_streams_open',
    help: 'Streams to agents that were asked for at this server and are open.',
    labelNames: ['kind'],
    registers,
  })
  const begun = new Counter({
    name: 'reeve_agent_streams_total',
    help: 'Streams to agents that were opened for whoever asked this server.',
    labelNames: ['kind'],
    registers,
  })
  const refused = new Counter({
    name: 'reeve_agent_stream_refusals_total',
    help: 'Streams to agents that could not be opened.',
    labelNames: ['kind', 'reason'],
    registers,
  })
  return {
    sent: (count) => bytes.inc({ direction: 'sent' }, count),
    received: (count) => bytes.inc({ direction: 'received' }, count),
    begun(kind) {
      begun.inc({ kind })
      open.inc({ kind })
    },
    ended: (kind) => open.dec({ kind }),
    refused: (kind, reason) => refused.inc({ kind, reason }),
  }
}
