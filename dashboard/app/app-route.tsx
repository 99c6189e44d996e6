import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, Outlet, retainSearchParams } from '@tanstack/react-router'
import { Broken, NotFound } from './pages/broken.tsx'
import type { Search } from './search-words.ts'
import { Shell } from './shell/shell.tsx'
import { signedIn } from './shell/signed-in.ts'

/** What every page hangs on. */
export const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  errorComponent: Broken,
  notFoundComponent: NotFound,
  validateSearch: (search: Search): { tz?: 'utc' | undefined } => (search.tz === 'utc' ? { tz: 'utc' } : {}),
  search: { middlewares: [retainSearchParams(['tz'])] },
})

/** Everything below it is for somebody signed in. */
export const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: Shell,
  beforeLoad: signedIn,
})
