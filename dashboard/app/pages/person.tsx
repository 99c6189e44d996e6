import { eachEndpoint as endpoints, type User } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Navigate, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { Explorer } from '../access/explorer.tsx'
import { HeldRoles } from '../access/held-roles.tsx'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { person } from '../api/roles.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { Section } from '../mine/section.tsx'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { Fact, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** One person: who it is, which roles they hold where, what they may do because of them, and the end of their account. */
export function PersonPage() {
  const { id } = useParams({ from: '/app/people/$id' })
  const { data: user, error, refetch } = useQuery(person(id))
  usePage({
    title: user?.username ?? 'Person',
    parent: { title: 'People', to: '/people' },
    cli: `reeve users show ${user?.username ?? id}`,
    api: `/api/v2/users/${id}`,
  })
  if (error !== null) {
    return (
      <div className="p-4">
        <FaultNotice what="The person could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
      </div>
    )
  }
  if (user === undefined) return null
  if (user.is_service_account) return <Navigate to="/service-accounts/$id" params={{ id: user.id }} replace />
  return (
    <div className="mx-auto max-w-4xl space-y-8 px-4 py-6">
      <Head user={user} />
      <Section
        title="Can they do this?"
        about="What the server would decide, and the roles that make it so."
        what="The answer"
      >
        <Explorer user={user} />
      </Section>
      <HeldRoles user={user} />
    </div>
  )
}

function Head({ user }: { user: User }) {
  const [deleting, setDeleting] = useState(false)
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center gap-4">
        <h1 className="min-w-0 flex-1 truncate text-lg">
          <HostileLine text={user.name === '' ? user.username : `${user.name} (${user.username})`} />
        </h1>
        <Button tone="quiet-danger" onClick={() => setDeleting(true)}>
          Delete the account
        </Button>
      </div>
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-6 gap-y-3">
        <Fact name="E-mail">
          <HostileLine text={user.email === '' ? '–' : user.email} />
        </Fact>
        <Fact name="Status">{user.status}</Fact>
        <Fact name="Signs in by">{user.login_type}</Fact>
        <Fact name="Last seen">{user.last_seen_at === null ? 'never' : <Time at={user.last_seen_at} />}</Fact>
        <Fact name="Since">
          <Time at={user.created_at} />
        </Fact>
      </dl>
      {deleting && <DeletePerson user={user} onClose={() => setDeleting(false)} />}
    </div>
  )
}

function DeletePerson({ user, onClose }: { user: User; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => client.call(endpoints.deleteUser, { params: { user: user.id } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['users'] })
      await navigate({ to: '/people' })
    },
  })
  return (
    <ConfirmByName
      verb="Delete"
      name={user.username}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      Their sessions and tokens end at once, and the username is free again. What they did stays on record under their
      name. This cannot be undone; suspending can.
    </ConfirmByName>
  )
}
