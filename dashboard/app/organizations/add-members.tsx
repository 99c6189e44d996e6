import { Fault } from '@reeve/base'
import { eachEndpoint as endpoints, type Organization } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { type Candidate, everybody, membersOf, useMembersChanged } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { ChoosePeople } from './choose-people.tsx'

/** People to make members: any of the deployment, for whoever may look at people; else those whose names are known. */
export function AddMembers({
  organization: { id, name, default_member_roles: given },
  seesPeople,
  onClose,
}: {
  organization: Organization
  seesPeople: boolean
  onClose: () => void
}) {
  const membersChanged = useMembersChanged()
  const [added, setAdded] = useState<ReadonlySet<string>>(new Set())
  const { mutate, isPending, error } = useMutation({
    mutationFn: async (usernames: readonly string[]) => {
      const answers = await Promise.allSettled(
        usernames.map((user) => client.call(endpoints.addMember, { params: { organization: id, user } })),
      )
      const done = usernames.filter((_, at) => answers[at]?.status === 'fulfilled')
      setAdded(new Set([...added, ...done]))
      await membersChanged(
        id,
        answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.user_id] : [])),
      )
      refuseAny(usernames, answers)
    },
    onSuccess: onClose,
  })
  const isIn = (one: Candidate) =>
    added.has(one.username) || (one.id !== '' && (!seesPeople || one.organization_ids?.includes(id) === true))
  return (
    <ChoosePeople
      title={`Add members to ${name}`}
      about={given.length === 0 ? 'They get no roles in it.' : `They get the roles ${given.join(', ')}.`}
      among={seesPeople ? everybody : membersOf(id)}
      isIn={isIn}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onAdd={mutate}
      onClose={onClose}
    />
  )
}

/** Each person is added by itself: who could not be is named, with the reason. */
function refuseAny(usernames: readonly string[], answers: readonly PromiseSettledResult<unknown>[]): void {
  const problems = answers.flatMap((answer, at) =>
    answer.status === 'rejected' ? [{ field: usernames[at] ?? '', detail: refusal(answer.reason) }] : [],
  )
  if (problems.length === 0) return
  const added = answers.length - problems.length
  throw new Fault('conflict', `${added} of ${answers.length} were added`, { problems })
}

function refusal(thrown: unknown): string {
  const { message, fix } = faultOf(thrown)
  return fix === undefined ? message : `${message}; ${fix}`
}
