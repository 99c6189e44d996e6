import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleAlert } from 'lucide-react'
import { entitlements } from '../api/entitlements.ts'
import { HostileLine } from '../ui/hostile-text.tsx'

/** Above every page of who may read licences: what is the matter with them. Nothing of it stops anybody. */
export function LicenseBanner() {
  const { data } = useQuery(entitlements)
  const said = [...(data?.errors ?? []), ...(data?.warnings ?? [])]
  if (said.length === 0) return null
  return (
    <aside
      aria-label="Licences"
      className="flex items-start gap-2 border-b border-line bg-warn-tint px-4 py-1.5 text-sm text-text"
    >
      <CircleAlert size={14} aria-hidden className="mt-1 shrink-0 text-warn" />
      <div className="min-w-0 flex-1">
        {said.map((text) => (
          <p key={text}>
            <HostileLine text={text} />
          </p>
        ))}
      </div>
      <Link to="/licenses" className="shrink-0 text-link underline">
        Licences
      </Link>
    </aside>
  )
}
