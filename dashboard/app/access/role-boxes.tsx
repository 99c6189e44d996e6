import type { Role } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { faultOf } from '../api/query-client.ts'
import { Button } from '../ui/button.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** A choice among the roles of one place. What the viewer cannot give or take stays as it is; what everybody has is not asked. */
export function RoleBoxes({
  title,
  roles,
  held,
  saved,
  onSave,
}: {
  title: string
  roles: readonly Role[]
  held: readonly string[]
  /** What is said once it is done. */
  saved: string
  onSave: (names: string[]) => Promise<unknown>
}) {
  const { mutate, error, isPending, isSuccess } = useMutation({ mutationFn: onSave })
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
        {isSuccess && !isPending && <span role="status">{saved}</span>}
      </div>
    </form>
  )
}
