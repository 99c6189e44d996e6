import { eachEndpoint as endpoints, type Workspace, type WorkspaceTransition } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { me } from '../api/queries.ts'
import { hasEnded } from '../api/workspaces.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { StartWith } from './start-with.tsx'

interface Wanted {
  readonly transition: WorkspaceTransition
  readonly template_version_id?: string
}

/**
 * What can be done to a workspace where it is now: one build at a time, and while there is one, its end. A start is done
 * at once; what ends somebody's work is asked about, and what cannot be undone asks for the name.
 */
export function WorkspaceActions({ workspace }: { workspace: Workspace }) {
  const can = useCan(workspace)
  const queries = useQueryClient()
  const [asking, setAsking] = useState<'start' | 'stop' | 'delete' | null>(null)
  const { latest_build: latest, outdated, template_active_version_id: active } = workspace
  const changed = () => queries.invalidateQueries({ queryKey: ['workspaces'] })
  const build = useMutation({
    mutationFn: (wanted: Wanted) =>
      client.call(endpoints.createWorkspaceBuild, {
        params: { workspace: workspace.id },
        body: { ...wanted, reason: 'dashboard' },
      }),
    onSuccess: async () => {
      setAsking(null)
      await changed()
    },
  })
  const cancel = useMutation({
    mutationFn: () => client.call(endpoints.cancelWorkspaceBuild, { params: { build: latest.id } }),
    onSettled: changed,
  })
  const busy = build.isPending || cancel.isPending
  const fault = build.error === null ? null : faultOf(build.error)
  const ask = (what: 'start' | 'stop' | 'delete') => {
    build.reset()
    setAsking(what)
  }
  if (latest.status === 'deleted') return null
  if (!hasEnded(latest.job)) {
    return (
      <>
        {can.cancel && latest.status !== 'canceling' && (
          <Button disabled={busy} onClick={() => cancel.mutate()}>
            Cancel the build
          </Button>
        )}
        {cancel.error !== null && <FaultNotice what="It was not canceled" fault={faultOf(cancel.error)} />}
      </>
    )
  }
  return (
    <>
      {can.start && latest.status !== 'running' && (
        <Button tone="primary" disabled={busy} onClick={() => build.mutate({ transition: 'start' })}>
          Start
        </Button>
      )}
      {can.start && (
        <Button disabled={busy} onClick={() => ask('start')} title="Builds it with other values of its parameters">
          Change values
        </Button>
      )}
      {can.start && outdated && (
        <Button
          disabled={busy}
          onClick={() => build.mutate({ transition: 'start', template_version_id: active })}
          title="Builds it with the version of the template that is active now"
        >
          Update
        </Button>
      )}
      {can.stop && latest.status !== 'stopped' && (
        <Button disabled={busy} onClick={() => ask('stop')}>
          Stop
        </Button>
      )}
      {can.delete && (
        <Button tone="danger" disabled={busy} onClick={() => ask('delete')}>
          Delete
        </Button>
      )}
      {fault !== null && asking === null && <FaultNotice what="The build was not begun" fault={fault} />}
      {asking === 'start' && (
        <StartWith workspace={workspace} version={latest.template_version_id} onClose={() => setAsking(null)} />
      )}
      {asking === 'stop' && (
        <FormDialog
          title={`Stop ${workspace.name}`}
          verb="Stop"
          busy={busy}
          fault={fault}
          fields={[]}
          onSubmit={() => build.mutate({ transition: 'stop' })}
          onClose={() => setAsking(null)}
        >
          <p>
            Agents and programs that run in it are ended. What its template keeps is there when it is started again.
          </p>
        </FormDialog>
      )}
      {asking === 'delete' && (
        <ConfirmByName
          verb="Delete"
          name={workspace.name}
          busy={busy}
          fault={fault}
          onConfirm={() => build.mutate({ transition: 'delete' })}
          onClose={() => setAsking(null)}
        >
          Everything that it is made of is destroyed, the files in it as well. What was recorded of it stays on record.
        </ConfirmByName>
      )}
    </>
  )
}

/** What the viewer is offered. The server decides: for one's own workspace less is needed than for somebody else's. */
function useCan({ owner_id: owner, template_allow_user_cancel_workspace_jobs: mayCancel, latest_build }: Workspace) {
  const may = useMay()
  const { data: viewer } = useQuery(me)
  const place = viewer?.id === owner ? 'mine' : 'somewhere'
  const can = {
    start: may('workspace:start', place),
    stop: may('workspace:stop', place),
    delete: may('workspace:delete', place),
  }
  return { ...can, cancel: can[latest_build.transition] && (mayCancel || may('template:update')) }
}
