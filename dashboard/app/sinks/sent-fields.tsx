import type { AuditSink } from '@reeve/sdk'
import { useState } from 'react'
import type { faultOf } from '../api/query-client.ts'

type Sent = Pick<AuditSink, 'sends' | 'content'>
type Stream = AuditSink['sends'][number]

const streams = ['audit', 'interceptions', 'boundaries'] as const satisfies readonly Stream[]
const labels: Readonly<Record<Stream, string>> = {
  audit: 'Events of the audit log',
  interceptions: 'Records of interceptions',
  boundaries: 'Events of boundaries',
}

/** What a sink is sent, and whether what people and models said goes with it. */
export function SentFields({ sink, fault }: { sink: Sent | null; fault: ReturnType<typeof faultOf> | null }) {
  const [sends, setSends] = useState<readonly Stream[]>(sink?.sends ?? ['audit'])
  const problem = fault?.problems.find(({ field }) => field === 'sends')?.detail
  return (
    <fieldset className="space-y-2">
      <legend className="mb-1 font-medium">Sent to it</legend>
      {streams.map((stream) => (
        <label key={stream} className="flex items-center gap-2">
          <input
            type="checkbox"
            name="sends"
            value={stream}
            checked={sends.includes(stream)}
            onChange={({ currentTarget: { checked } }) =>
              setSends(streams.filter((one) => (one === stream ? checked : sends.includes(one))))
            }
          />
          {labels[stream]}
        </label>
      ))}
      {sends.length === 0 && <p className="text-xs text-muted">At least one of them</p>}
      {problem !== undefined && <p className="text-bad">{problem}</p>}
      {sends.includes('interceptions') && (
        <label className="flex items-start gap-2">
          <input type="checkbox" name="content" className="mt-1" defaultChecked={sink?.content ?? false} />
          <span>
            With what was said: prompts, thoughts, inputs of tools
            <span className="block text-xs text-muted">As they were recorded, with secrets masked</span>
          </span>
        </label>
      )}
    </fieldset>
  )
}

export function sentOf(form: FormData): Sent {
  const chosen = form.getAll('sends')
  return { sends: streams.filter((stream) => chosen.includes(stream)), content: form.get('content') === 'on' }
}

/** In a few words, for reading. */
export function sentWords({ sends, content }: Sent): string {
  const words: Readonly<Record<Stream, string>> = {
    audit: 'audit events',
    interceptions: `records ${content ? 'with' : 'without'} words`,
    boundaries: 'events of boundaries',
  }
  const told = streams.filter((stream) => sends.includes(stream)).map((stream) => words[stream])
  return told.length < 2 ? told.join('') : `${told.slice(0, -1).join(', ')} and ${told.at(-1)}`
}
