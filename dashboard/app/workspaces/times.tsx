import { eachEndpoint as endpoints, type Workspace } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { me } from '../api/queries.ts'
import { Field } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { Fact, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** When a workspace starts and stops by itself, whether anybody needs it, and what can be done about that. */
export function WorkspaceTimes({ workspace }: { workspace: Workspace }) {
  const { latest_build: latest } = workspace
  return (
    <div className="flex flex-wrap items-end gap-x-8 gap-y-2">
      <dl className="flex flex-wrap gap-x-8 gap-y-2" aria-label="Times">
        {latest.deadline !== null && (
          <Fact name={workspace.task_id === null ? 'Stops' : 'Pauses'}>
            <Time at={latest.deadline} />
          </Fact>
        )}
        {workspace.autostart_schedule !== null && (
          <Fact name="Starts">
            {workspace.next_start_at === null ? (
              <HostileLine text={workspace.autostart_schedule} />
            ) : (
              <Time at={workspace.next_start_at} />
            )}
          </Fact>
        )}
        <Fact name="Used">
          <Time at={workspace.last_used_at} />
        </Fact>
        {workspace.dormant_at !== null && (
          <Fact name="Dormant">
            <Time at={workspace.dormant_at} />
          </Fact>
        )}
        {workspace.deleting_at !== null && (
          <Fact name="Deleted">
            <Time at={workspace.deleting_at} />
          </Fact>
        )}
      </dl>
      <Changes workspace={workspace} />
    </div>
  )
}

const hourMs = 3_600_000

function Changes({ workspace }: { workspace: Workspace }) {
  const may = useMay()
  const { data: viewer } = useQuery(me)
  const queries = useQueryClient()
  const [scheduling, setScheduling] = useState(false)
  const params = { workspace: workspace.id }
  const { deadline } = workspace.latest_build
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['workspaces'] })
  const extend = useMutation({
    mutationFn: (from: string) => {
      const body = { deadline: new Date(Date.parse(from) + hourMs).toISOString() }
      return client.call(endpoints.extendWorkspace, { params, body })
    },
    onSuccess,
  })
  const wake = useMutation({
    mutationFn: () => client.call(endpoints.setWorkspaceDormant, { params, body: { dormant: false } }),
    onSuccess,
  })
  const favor = useMutation({
    mutationFn: () =>
      client.call(workspace.favorite ? endpoints.unfavorWorkspace : endpoints.favorWorkspace, { params }),
    onSuccess,
  })
  const busy = extend.isPending || wake.isPending || favor.isPending
  const error = extend.error ?? wake.error ?? favor.error
  const mayChange = may('workspace:update', viewer?.id === workspace.owner_id ? 'mine' : 'somewhere')
  return (
    <div role="group" aria-label="Its times" className="flex flex-wrap gap-2">
      {mayChange && deadline !== null && (
        <Button disabled={busy} onClick={() => extend.mutate(deadline)}>
          Extend by an hour
        </Button>
      )}
      {mayChange && workspace.dormant_at !== null && (
        <Button disabled={busy} onClick={() => wake.mutate()}>
          Wake
        </Button>
      )}
      {mayChange && <Button onClick={() => setScheduling(true)}>Schedule</Button>}
      <Button disabled={busy} aria-pressed={workspace.favorite} onClick={() => favor.mutate()}>
        Favourite
      </Button>
      {error !== null && <FaultNotice what="It was not changed" fault={faultOf(error)} />}
      {scheduling && <Schedule workspace={workspace} onClose={() => setScheduling(false)} />}
    </div>
  )
}

/** Empty hours are the template’s: a person who wants none says 0. */
function Schedule({ workspace, onClose }: { workspace: Workspace; onClose: () => void }) {
  const queries = useQueryClient()
  const params = { workspace: workspace.id }
  const { autostart_schedule: schedule, ttl_ms: ttl } = workspace
  const { mutate, error, isPending } = useMutation({
    mutationFn: async (form: FormData) => {
      const start = String(form.get('schedule') ?? '').trim()
      const hours = String(form.get('ttl_ms') ?? '').trim()
      const ttl_ms = hours === '' ? null : Math.round(Number(hours) * hourMs)
      if (start !== (schedule ?? '')) {
        await client.call(endpoints.setWorkspaceAutostart, { params, body: { schedule: start } })
      }
      if (ttl_ms !== ttl) await client.call(endpoints.setWorkspaceTtl, { params, body: { ttl_ms } })
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['workspaces'] })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone
  return (
    <FormDialog
      title={`When ${workspace.name} starts and stops`}
      verb="Save"
      busy={isPending}
      fault={fault}
      fields={['schedule', 'ttl_ms']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Field
        label="Starts"
        name="schedule"
        fault={fault}
        defaultValue={schedule ?? ''}
        placeholder={`CRON_TZ=${zone} 30 9 * * 1-5`}
        hint="Time zone, minute, hour and days of the week, as cron has them. Empty: it does not start by itself."
      />
      <Field
        label="Stops after hours without use"
        name="ttl_ms"
        fault={fault}
        inputMode="decimal"
        defaultValue={ttl === null ? '' : String(ttl / hourMs)}
        hint="Empty: as its template says. 0: it does not stop by itself."
      />
    </FormDialog>
  )
}
