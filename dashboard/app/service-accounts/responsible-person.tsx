import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { person } from '../api/roles.ts'
import { HostileLine } from '../ui/hostile-text.tsx'

/** Who answers for an account: by name, where the viewer may know it. */
export function ResponsiblePerson({ id }: { id: string | null }) {
  const { data, error } = useQuery({ ...person(id ?? ''), enabled: id !== null, retry: false })
  if (id === null) return <span className="text-warn">nobody</span>
  if (error !== null) return <span className="text-muted">somebody who is not there any more</span>
  if (data === undefined) return null
  return (
    <span className="flex min-w-0 items-center gap-2">
      <Link to="/people/$id" params={{ id }} className="min-w-0 truncate text-link hover:underline">
        <HostileLine text={data.username} />
      </Link>
      {data.status === 'suspended' && <span className="text-warn">suspended</span>}
    </span>
  )
}
