import { type Grantable, isGrantable, type Resource, resourceActions, type RolePermission, resources } from '@reeve/sdk'
import { Check } from 'lucide-react'

/** Which permissions are in a list, by the words that they are made of. */
export const permissionsOf = (list: readonly RolePermission[]): ReadonlySet<Grantable> =>
  new Set(list.map(({ resource_type, action }) => `${resource_type}:${action}`).filter(isGrantable))

const words = (name: string): string => name.replaceAll('_', ' ')

/**
 * Every resource and what may be done with it. To read: what is granted has a mark and its name. To choose: boxes; what
 * the viewer may not grant is disabled, and says so.
 */
export function PermissionMatrix({
  label,
  granted,
  choosable,
}: {
  label: string
  granted: ReadonlySet<Grantable>
  /** Null to read only; else what may be granted, and where each choice goes. */
  choosable: {
    readonly may: (permission: Grantable) => boolean
    readonly name: string
    /** What can be granted at all; without it, everything. */
    readonly offered?: (permission: Grantable) => boolean
    /** Whether all of a resource can be chosen as `resource:*`, with what there will be later. */
    readonly whole?: boolean
  } | null
}) {
  const offered = (resource: Resource): Grantable[] =>
    choosable === null
      ? actionsIn(resource, granted)
      : permissionsFor(resource).filter(choosable.offered ?? (() => true))
  const shown = resources.filter((resource) => offered(resource).length > 0)
  if (shown.length === 0) return <p className="text-muted">Nothing.</p>
  return (
    <ul aria-label={label} className="divide-y divide-line rounded-lg border border-line bg-raised">
      {shown.map((resource) => (
        <li key={resource} className="flex flex-wrap gap-x-4 gap-y-1 px-3 py-1.5">
          <span className="w-full font-medium sm:w-48">{words(resource)}</span>
          <span className="flex min-w-40 flex-1 flex-wrap gap-x-4 gap-y-1">
            {choosable?.whole === true && (
              <label className="flex items-center gap-1.5">
                <input
                  type="checkbox"
                  name={choosable.name}
                  value={`${resource}:*`}
                  aria-label={`${words(resource)}: everything, also what comes later`}
                />
                everything
              </label>
            )}
            {offered(resource).map((permission) => {
              const action = words(permission.slice(resource.length + 1))
              if (choosable === null)
                return (
                  <span key={permission} className="inline-flex items-center gap-1">
                    <Check size={14} aria-hidden className="text-ok" />
                    {action}
                  </span>
                )
              const may = choosable.may(permission)
              return (
                <label key={permission} className={`flex items-center gap-1.5 ${may ? '' : 'text-muted'}`}>
                  <input
                    type="checkbox"
                    name={choosable.name}
                    value={permission}
                    defaultChecked={granted.has(permission)}
                    disabled={!may}
                    title={may ? undefined : 'You do not have this yourself, so you cannot grant it'}
                    aria-label={`${words(resource)}: ${action}`}
                  />
                  {action}
                </label>
              )
            })}
          </span>
        </li>
      ))}
    </ul>
  )
}

const permissionsFor = (resource: Resource): Grantable[] =>
  resourceActions[resource].map((action) => `${resource}:${action}`).filter(isGrantable)

const actionsIn = (resource: Resource, granted: ReadonlySet<Grantable>): Grantable[] =>
  permissionsFor(resource).filter((permission) => granted.has(permission))
