import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { me } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { Fact, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Section } from './section.tsx'

/** Who the viewer is here, and the two things of it that are theirs to change. */
export function Profile() {
  const { data: user } = useSuspenseQuery(me)
  const [editing, setEditing] = useState(false)
  return (
    <Section
      title="Profile"
      about="Your username and name stand beside what you do."
      what="Your profile"
      aside={<Button onClick={() => setEditing(true)}>Edit profile</Button>}
    >
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(12rem,1fr))] gap-x-6 gap-y-3 rounded-lg border border-line bg-raised p-4">
        <Fact name="Username">
          <HostileLine text={user.username} />
        </Fact>
        <Fact name="Name">
          <HostileLine text={user.name === '' ? '–' : user.name} />
        </Fact>
        <Fact name="E-mail">
          <HostileLine text={user.email} />
        </Fact>
        <Fact name="Signs in by">{user.login_type}</Fact>
        <Fact name="Roles">
          <HostileLine text={user.roles.map((role) => role.display_name || role.name).join(', ') || 'Member'} />
        </Fact>
        <Fact name="Since">
          <Time at={user.created_at} />
        </Fact>
      </dl>
      {editing && <EditProfile username={user.username} name={user.name} onClose={() => setEditing(false)} />}
    </Section>
  )
}

function EditProfile({ username, name, onClose }: { username: string; name: string; onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.updateProfile, {
        params: { user: 'me' },
        body: { username: textOf(form, 'username').trim(), name: textOf(form, 'name').trim() },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: me.queryKey })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="Edit profile"
      verb={isPending ? 'Saving' : 'Save'}
      busy={isPending}
      fault={fault}
      fields={['username', 'name']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Field
        label="Username"
        name="username"
        defaultValue={username}
        autoComplete="username"
        spellCheck={false}
        autoCapitalize="none"
        hint="Letters, digits and single hyphens"
        fault={fault}
      />
      <Field label="Name" name="name" defaultValue={name} autoComplete="name" hint="Optional" fault={fault} />
    </FormDialog>
  )
}
