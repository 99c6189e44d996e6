import { eachEndpoint as endpoints, type Workspace } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { me } from '../api/queries.ts'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { ShareWorkspace } from './share-workspace.tsx'

/** What its name is and who else may use it: its owner’s to say, and theirs who may change any workspace. */
export function WorkspaceNaming({ workspace }: { workspace: Workspace }) {
  const may = useMay()
  const { data: viewer } = useQuery(me)
  const [open, setOpen] = useState<'rename' | 'share' | null>(null)
  const onClose = () => setOpen(null)
  if (!may('workspace:update', viewer?.id === workspace.owner_id ? 'mine' : 'somewhere')) return null
  return (
    <>
      <Button onClick={() => setOpen('rename')}>Rename</Button>
      <Button onClick={() => setOpen('share')}>Share</Button>
      {open === 'rename' && <Rename workspace={workspace} onClose={onClose} />}
      {open === 'share' && <ShareWorkspace workspace={workspace} onClose={onClose} />}
    </>
  )
}

function Rename({ workspace: { id, name }, onClose }: { workspace: Workspace; onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (wanted: string) =>
      client.call(endpoints.renameWorkspace, { params: { workspace: id }, body: { name: wanted } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['workspaces'] })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title={`Rename ${name}`}
      verb="Rename"
      busy={isPending}
      fault={fault}
      fields={['name']}
      onSubmit={(form) => mutate(textOf(form, 'name').trim())}
      onClose={onClose}
    >
      <Field
        label="Name"
        name="name"
        fault={fault}
        defaultValue={name}
        autoComplete="off"
        spellCheck={false}
        hint="Its apps and ports have other addresses then. What it is made of hears of it with the next build."
      />
    </FormDialog>
  )
}
