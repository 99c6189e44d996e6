import { type AuditSink, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Check, CircleAlert, CirclePause, Send } from 'lucide-react'
import { useId } from 'react'
import { sinks } from '../api/deployment.ts'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Button } from '../ui/button.tsx'
import { Fact, State, Time } from '../ui/facts.tsx'
import { exact, plural } from '../ui/format.ts'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { sentWords } from './sent-fields.tsx'

export const kindWords: Readonly<Record<AuditSink['kind'], string>> = {
  syslog: 'syslog over TLS',
  otlp: 'OTLP logs',
  webhook: 'signed webhook',
}

/** One sink: how delivery goes, how far it is, what it is made of, and what can be done about it. */
export function SinkCard({
  sink,
  mayChange,
  onEdit,
  onRemove,
}: {
  sink: AuditSink
  mayChange: boolean
  onEdit: () => void
  onRemove: () => void
}) {
  const id = useId()
  const queries = useQueryClient()
  const reread = () => queries.invalidateQueries({ queryKey: sinks.queryKey })
  const test = useMutation({
    mutationFn: () => client.call(endpoints.testAuditSink, { params: { sink: sink.id } }),
    onSettled: reread,
  })
  const turn = useMutation({
    mutationFn: (enabled: boolean) =>
      client.call(endpoints.updateAuditSink, { params: { sink: sink.id }, body: { enabled } }),
    onSettled: reread,
  })
  const off = sink.disabled_at !== null
  const fault = turn.error ?? test.error
  return (
    <article aria-labelledby={id} className="space-y-3 rounded-lg border border-line p-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h2 id={id} className="text-base">
          <HostileLine text={sink.name} />
        </h2>
        <SinkState sink={sink} />
        {/* Never disabled: whoever pressed one by keyboard would lose his place. */}
        {mayChange && (
          <div className="flex flex-wrap gap-2 sm:ml-auto">
            <Button aria-label={`Test ${sink.name}`} onClick={() => test.mutate()}>
              {test.isPending ? 'Testing' : 'Test'}
            </Button>
            <Button aria-label={`Edit ${sink.name}`} onClick={onEdit}>
              Edit
            </Button>
            <Button aria-label={`Turn ${off ? 'on' : 'off'} ${sink.name}`} onClick={() => turn.mutate(off)}>
              {off ? 'Turn on' : 'Turn off'}
            </Button>
            <Button tone="quiet-danger" aria-label={`Remove ${sink.name}`} onClick={onRemove}>
              Remove
            </Button>
          </div>
        )}
      </div>
      {fault !== null && <FaultNotice what={`${sink.name} was left as it is`} fault={faultOf(fault)} />}
      <div role="status">
        {test.data !== undefined &&
          (test.data.delivered ? (
            <p className="text-ok">The receiver took the test event.</p>
          ) : (
            <div className="text-bad">
              The test event was not taken:
              <HostileText text={test.data.error ?? ''} />
            </div>
          ))}
      </div>
      {sink.last_error !== null && (
        <div className="rounded-md border border-bad bg-bad-tint px-3 py-2">
          <p className="font-medium text-bad">
            Not delivered{sink.failing_since !== null && <> since {<Time at={sink.failing_since} />}</>}
          </p>
          <HostileText text={sink.last_error} />
          <p className="text-muted">
            Nothing is lost: the events wait here.
            {sink.next_attempt_at !== null && <> The next attempt is at {<Time at={sink.next_attempt_at} />}.</>}
          </p>
        </div>
      )}
      <Made sink={sink} />
    </article>
  )
}

const waiting = ({ sends, lag, record_lag, boundary_lag }: AuditSink): string =>
  [
    sends.includes('audit') ? plural(lag, 'event') : null,
    sends.includes('interceptions') ? plural(record_lag, 'request') : null,
    sends.includes('boundaries') ? plural(boundary_lag, 'boundary event') : null,
  ]
    .filter((part) => part !== null)
    .join(', ')

function SinkState({ sink: { disabled_at, failing_since, lag, record_lag, boundary_lag } }: { sink: AuditSink }) {
  const left = lag + record_lag + boundary_lag
  if (disabled_at !== null) {
    return (
      <State tone="text-muted" icon={<CirclePause size={14} aria-hidden />}>
        off since <Time at={disabled_at} />
      </State>
    )
  }
  if (failing_since !== null) {
    return (
      <State tone="text-bad" icon={<CircleAlert size={14} aria-hidden />}>
        failing, {exact(left)} waiting
      </State>
    )
  }
  if (left > 0) {
    return (
      <State tone="text-link" icon={<Send size={14} aria-hidden />}>
        sending, {exact(left)} to go
      </State>
    )
  }
  return (
    <State tone="text-ok" icon={<Check size={14} aria-hidden />}>
      up to date
    </State>
  )
}

function Made({ sink }: { sink: AuditSink }) {
  const secretName = sink.kind === 'otlp' ? 'Bearer token' : 'Signing secret'
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(8.5rem,1fr))] gap-x-6 gap-y-3">
      <div className="col-span-full min-w-0">
        <dt className="text-xs text-muted">Address</dt>
        <dd className="mono wrap-anywhere">
          <HostileText text={sink.url} />
        </dd>
      </div>
      <Fact name="Kind">{kindWords[sink.kind]}</Fact>
      <Fact name="Form">{sink.format === 'ocsf' ? 'OCSF' : 'Reeve'}</Fact>
      {sink.sends.includes('audit') && (
        <Fact name="Taken up to">
          {sink.delivered_seq === 0 ? 'nothing yet' : `event ${exact(sink.delivered_seq)}`}
        </Fact>
      )}
      <Fact name="Sent to it">{sentWords(sink)}</Fact>
      <Fact name="Waiting">{waiting(sink)}</Fact>
      <Fact name="Last taken">{sink.last_delivered_at === null ? 'never' : <Time at={sink.last_delivered_at} />}</Fact>
      {sink.kind !== 'syslog' && <Fact name={secretName}>{sink.has_secret ? 'set' : 'none'}</Fact>}
      <Fact name="Certificates trusted">{sink.has_ca ? 'its own' : 'the public ones'}</Fact>
      <Fact name="Private addresses">{sink.allow_private ? 'allowed' : 'refused'}</Fact>
    </dl>
  )
}
