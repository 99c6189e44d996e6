import { type AuditSink, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { sinks } from '../api/deployment.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { usePage } from '../shell/page.ts'
import { SinkCard } from '../sinks/sink-card.tsx'
import { SinkForm } from '../sinks/sink-form.tsx'
import { Button } from '../ui/button.tsx'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { PageHead } from '../ui/page-head.tsx'

/** Where audit events, records of interceptions and events of boundaries are sent as they happen, and whether they arrive. */
export function SinksPage() {
  usePage({ title: 'Audit sinks', cli: 'reeve audit sinks list', api: '/api/v2/audit/sinks' })
  const mayChange = useMay()('audit_log:update', 'everywhere')
  const { data, error, refetch } = useQuery(sinks)
  const [editing, setEditing] = useState<AuditSink | 'new' | null>(null)
  const [removing, setRemoving] = useState<AuditSink | null>(null)
  const add = mayChange && (
    <Button tone="primary" onClick={() => setEditing('new')}>
      Add a sink
    </Button>
  )
  return (
    <div className="mx-auto max-w-4xl space-y-4 px-4 py-6">
      <PageHead
        title="Audit sinks"
        about={
          <>
            Each is sent every event of the audit log, every record of an interception, every event of a boundary, or
            several of them, in order and at least once, and resumes where it was. What has left this deployment cannot
            be changed in it.
          </>
        }
      >
        {data !== undefined && data.length > 0 && add}
      </PageHead>
      {error !== null && (
        <FaultNotice
          what="The sinks could not be read"
          fault={faultOf(error)}
          stale={data !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {data?.map((sink) => (
        <SinkCard
          key={sink.id}
          sink={sink}
          mayChange={mayChange}
          onEdit={() => setEditing(sink)}
          onRemove={() => setRemoving(sink)}
        />
      ))}
      {data?.length === 0 && (
        <Empty title="The audit log is sent nowhere">
          <p>
            A copy in another place shows what somebody changed who owns this database. It can be sent to syslog, to an
            OpenTelemetry collector or to an address of your own.
          </p>
          {add}
        </Empty>
      )}
      {editing !== null && <SinkForm sink={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {removing !== null && <RemoveSink sink={removing} onClose={() => setRemoving(null)} />}
    </div>
  )
}

function RemoveSink({ sink, onClose }: { sink: AuditSink; onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => client.call(endpoints.deleteAuditSink, { params: { sink: sink.id } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: sinks.queryKey })
      onClose()
    },
  })
  return (
    <ConfirmByName
      verb="Remove"
      name={sink.name}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      Nothing more is sent to it, and how far it was is forgotten; the events stay in the audit log. To send nothing for
      a while, turn it off.
    </ConfirmByName>
  )
}
