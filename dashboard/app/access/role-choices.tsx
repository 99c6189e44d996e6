import { eachEndpoint as endpoints, type Role } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Button } from '../ui/button.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** The roles that a person holds in one place, to be changed by whoever may. What everybody has is not among them. */
export function RoleChoices({
  title,
  userId,
  organizationId,
  roles,
  held,
}: {
  title: string
  userId: string
  /** Null: everywhere. */
  organizationId: string | null
  roles: readonly Role[]
  held: readonly string[]
}) {
  const queries = useQueryClient()
  const { mutate, error, isPending, isSuccess } = useMutation({
    mutationFn: async (chosen: string[]) => {
      const body = { roles: chosen }
      if (organizationId === null) await client.call(endpoints.setUserRoles, { params: { user: userId }, body })
      else {
        await client.call(endpoints.setMemberRoles, { params: { organization: organizationId, user: userId }, body })
      }
    },
    onSuccess: async () => {
      for (const queryKey of [['person', userId], ['person-roles', userId], ['access', userId], ['users'], ['me']]) {
        await queries.invalidateQueries({ queryKey })
      }
    },
  })
  const offered = roles.filter(({ implied }) => !implied)
  return (
    <form
      // A form of what is held now: another answer makes another form.
      key={held.join(' ')}
      className="space-y-2"
      onSubmit={(event) => {
        event.preventDefault()
        const chosen = new FormData(event.currentTarget).getAll('role').map(String)
        const kept = offered
          .filter(({ assignable, name }) => !assignable && held.includes(name))
          .map(({ name }) => name)
        mutate([...chosen, ...kept])
      }}
    >
      <fieldset disabled={isPending} className="rounded-lg border border-line bg-raised px-4 pt-1 pb-3">
        <legend className="px-1 text-xs text-muted">
          <HostileLine text={title} />
        </legend>
        <ul>
          {offered.map((role) => (
            <li key={role.name} className="py-1">
              <label className={`flex items-baseline gap-2 ${role.assignable ? '' : 'text-muted'}`}>
                <input
                  type="checkbox"
                  name="role"
                  value={role.name}
                  defaultChecked={held.includes(role.name)}
                  disabled={!role.assignable}
                  title={role.assignable ? undefined : 'You lack something of it, so you cannot give or take it'}
                />
                <span className="w-32 shrink-0 font-medium sm:w-52">
                  <HostileLine text={role.display_name} />
                </span>
                <span className="min-w-0 flex-1 text-muted">
                  <HostileText text={role.description} />
                </span>
              </label>
            </li>
          ))}
        </ul>
      </fieldset>
      {error !== null && <FaultNotice what="The roles were not changed" fault={faultOf(error)} />}
      <div className="flex items-center gap-3">
        <Button type="submit" disabled={isPending || offered.every(({ assignable }) => !assignable)}>
          Save roles
        </Button>
        {isSuccess && !isPending && <span role="status">Saved; it counts at once.</span>}
      </div>
    </form>
  )
}
