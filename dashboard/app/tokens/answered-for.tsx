import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { serviceAccounts } from '../api/tokens.ts'
import { HostileLine } from '../ui/hostile-text.tsx'

/** The way to the tokens of the programs that the viewer is responsible for; nothing where there are none. */
export function AnsweredFor() {
  const { data } = useInfiniteQuery(serviceAccounts('owner:me'))
  const accounts = data?.pages.flatMap(({ rows }) => rows) ?? []
  if (accounts.length === 0) return null
  return (
    <p className="flex flex-wrap gap-x-3 gap-y-1 px-4 pb-2 text-muted">
      You are responsible for tokens of:
      {accounts.map(({ id, username }) => (
        <Link key={id} to="/service-accounts/$id" params={{ id }} className="max-w-full truncate text-link underline">
          <HostileLine text={username} />
        </Link>
      ))}
    </p>
  )
}
