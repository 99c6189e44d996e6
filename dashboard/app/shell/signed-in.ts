import type { QueryClient } from '@tanstack/react-query'
import { redirect } from '@tanstack/react-router'
import { permitted } from '../api/may.ts'
import { me, setupOpen } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'

/** For somebody signed in; whoever is not comes back to the same address after signing in. */
export async function signedIn({
  context: { queries },
  location,
}: {
  context: { queries: QueryClient }
  location: { href: string }
}): Promise<void> {
  try {
    // What may be done is asked beside it. Where that fails, the pages are there and what is for some only is not.
    await Promise.all([queries.ensureQueryData(me), queries.ensureQueryData(permitted).catch(() => undefined)])
  } catch (thrown) {
    if (faultOf(thrown).code !== 'unauthenticated') throw thrown
    if (await queries.fetchQuery(setupOpen)) throw redirect({ to: '/setup' })
    throw redirect({ to: '/login', search: { to: location.href } })
  }
}
