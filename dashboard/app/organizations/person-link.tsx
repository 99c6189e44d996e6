import { Link } from '@tanstack/react-router'
import { HostileLine } from '../ui/hostile-text.tsx'

/** A username that leads to the person, for whoever may look at people. */
export function PersonLink({ id, username, open }: { id: string; username: string; open: boolean }) {
  if (!open) return <HostileLine text={username} />
  return (
    <Link to="/people/$id" params={{ id }} className="truncate font-medium">
      <HostileLine text={username} />
    </Link>
  )
}
