import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { ownGitKey } from '../api/mine.ts'
import { faultOf } from '../api/query-client.ts'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { Section } from './section.tsx'

/** The key that the viewer's workspaces show to Git hosts. */
export function GitKey() {
  const [asks, setAsks] = useState(false)
  const { data, error, refetch } = useQuery(ownGitKey)
  return (
    <Section
      title="Key for Git"
      about="Your workspaces show it to Git hosts over SSH. Add it there, to your account; its private half stays here."
      what="Your key for Git"
      fault={error === null ? null : faultOf(error)}
      onRetry={() => void refetch()}
      aside={<Button onClick={() => setAsks(true)}>Make another</Button>}
    >
      {data !== undefined && <Commands label="The public key" lines={[data.public_key]} />}
      {asks && <Another onClose={() => setAsks(false)} />}
    </Section>
  )
}

function Another({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => client.call(endpoints.regenerateGitSshKey, { params: { user: 'me' } }),
    onSuccess: async (made) => {
      queries.setQueryData(ownGitKey.queryKey, made)
      onClose()
    },
  })
  return (
    <FormDialog
      title="Make another key"
      verb={isPending ? 'Making it' : 'Make another'}
      tone="danger"
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      fields={[]}
      onSubmit={() => mutate()}
      onClose={onClose}
    >
      <p>The key so far is forgotten. Where you had added it, your workspaces are refused until you add the new one.</p>
    </FormDialog>
  )
}
