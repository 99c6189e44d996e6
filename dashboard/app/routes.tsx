import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router'
import { permitted } from './api/may.ts'
import { me, setupOpen } from './api/queries.ts'
import { faultOf } from './api/query-client.ts'
import { Broken, NotFound } from './pages/broken.tsx'
import { Shell } from './shell/shell.tsx'

/**
 * The pages, and everything that a URL can say about them. A search parameter that is not understood is dropped; what
 * stays is a plain string, so that an address reads as it is written.
 */
type Search = Record<string, unknown>
const word = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function words<K extends string>(search: Search, ...names: readonly K[]): { [N in K]?: string | undefined } {
  const found: { [N in K]?: string | undefined } = {}
  for (const name of names) {
    const value = word(search[name])
    if (value !== undefined) found[name] = value
  }
  return found
}

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  errorComponent: Broken,
  notFoundComponent: NotFound,
  validateSearch: (search: Search): { tz?: 'utc' | undefined } => (search.tz === 'utc' ? { tz: 'utc' } : {}),
  search: { middlewares: [retainSearchParams(['tz'])] },
})

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Search) => words(search, 'to', 'problem', 'request'),
  component: lazyRouteComponent(() => import('./pages/login.tsx'), 'LoginPage'),
})

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  validateSearch: (search: Search) => words(search, 't'),
  component: lazyRouteComponent(() => import('./pages/setup.tsx'), 'SetupPage'),
})

const forgotPassword = createRoute({
  getParentRoute: () => root,
  path: '/forgot-password',
  component: lazyRouteComponent(() => import('./pages/forgot-password.tsx'), 'ForgotPasswordPage'),
})

const resetPassword = createRoute({
  getParentRoute: () => root,
  path: '/reset-password',
  component: lazyRouteComponent(() => import('./pages/reset-password.tsx'), 'ResetPasswordPage'),
})

/** For somebody signed in; whoever is not comes back to the same address after signing in. */
async function signedIn({
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

/** A program waits for its code to be confirmed; nothing else of the console is of use then. */
const device = createRoute({
  getParentRoute: () => root,
  path: '/device',
  validateSearch: (search: Search) => words(search, 'code'),
  beforeLoad: signedIn,
  component: lazyRouteComponent(() => import('./pages/device.tsx'), 'DevicePage'),
})

/** Everything below is for somebody signed in. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: Shell,
  beforeLoad: signedIn,
})

const home = createRoute({
  getParentRoute: () => app,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/sessions' })
  },
})

const connect = createRoute({
  getParentRoute: () => app,
  path: '/connect',
  component: lazyRouteComponent(() => import('./pages/connect.tsx'), 'ConnectPage'),
})

const sessions = createRoute({
  getParentRoute: () => app,
  path: '/sessions',
  validateSearch: (search: Search) => words(search, 'q', 'from', 'to'),
  component: lazyRouteComponent(() => import('./pages/sessions.tsx'), 'SessionsPage'),
})

const session = createRoute({
  getParentRoute: () => app,
  path: '/sessions/$id',
  // `hide`: lanes that are off; `q`: what is searched for; `at`: the event that has the focus.
  validateSearch: (search: Search) => words(search, 'hide', 'q', 'at'),
  component: lazyRouteComponent(() => import('./pages/session.tsx'), 'SessionPage'),
})

const requests = createRoute({
  getParentRoute: () => app,
  path: '/requests',
  validateSearch: (search: Search) => words(search, 'q', 'from', 'to'),
  component: lazyRouteComponent(() => import('./pages/requests.tsx'), 'RequestsPage'),
})

const request = createRoute({
  getParentRoute: () => app,
  path: '/requests/$id',
  component: lazyRouteComponent(() => import('./pages/request.tsx'), 'RequestPage'),
})

const usage = createRoute({
  getParentRoute: () => app,
  path: '/usage',
  // `by`: what the rows are; `view`: days as bars, or as a `table`.
  validateSearch: (search: Search) => words(search, 'from', 'to', 'by', 'view'),
  component: lazyRouteComponent(() => import('./pages/usage.tsx'), 'UsagePage'),
})

const inbox = createRoute({
  getParentRoute: () => app,
  path: '/inbox',
  validateSearch: (search: Search) => words(search, 'show'),
  component: lazyRouteComponent(() => import('./pages/inbox.tsx'), 'InboxPage'),
})

const tokens = createRoute({
  getParentRoute: () => app,
  path: '/tokens',
  // Whose: the viewer's own unless `everybody`; `ended`: those that have ended too.
  validateSearch: (search: Search) => words(search, 'q', 'of', 'ended'),
  component: lazyRouteComponent(() => import('./pages/tokens.tsx'), 'TokensPage'),
})

const people = createRoute({
  getParentRoute: () => app,
  path: '/people',
  component: lazyRouteComponent(() => import('./pages/people.tsx'), 'PeoplePage'),
})

const person = createRoute({
  getParentRoute: () => app,
  path: '/people/$id',
  component: lazyRouteComponent(() => import('./pages/person.tsx'), 'PersonPage'),
})

const serviceAccounts = createRoute({
  getParentRoute: () => app,
  path: '/service-accounts',
  validateSearch: (search: Search) => words(search, 'q'),
  component: lazyRouteComponent(() => import('./pages/service-accounts.tsx'), 'ServiceAccountsPage'),
})

const serviceAccount = createRoute({
  getParentRoute: () => app,
  path: '/service-accounts/$id',
  component: lazyRouteComponent(() => import('./pages/service-account.tsx'), 'ServiceAccountPage'),
})

const groups = createRoute({
  getParentRoute: () => app,
  path: '/groups',
  validateSearch: (search: Search) => words(search, 'q'),
  component: lazyRouteComponent(() => import('./pages/groups.tsx'), 'GroupsPage'),
})

const group = createRoute({
  getParentRoute: () => app,
  path: '/groups/$id',
  component: lazyRouteComponent(() => import('./pages/group.tsx'), 'GroupPage'),
})

const organizations = createRoute({
  getParentRoute: () => app,
  path: '/organizations',
  validateSearch: (search: Search) => words(search, 'q'),
  component: lazyRouteComponent(() => import('./pages/organizations.tsx'), 'OrganizationsPage'),
})

const organization = createRoute({
  getParentRoute: () => app,
  path: '/organizations/$id',
  // Which of the members.
  validateSearch: (search: Search) => words(search, 'q'),
  component: lazyRouteComponent(() => import('./pages/organization.tsx'), 'OrganizationPage'),
})

const roles = createRoute({
  getParentRoute: () => app,
  path: '/roles',
  component: lazyRouteComponent(() => import('./pages/roles.tsx'), 'RolesPage'),
})

const mine = createRoute({
  getParentRoute: () => app,
  path: '/me',
  component: lazyRouteComponent(() => import('./pages/mine.tsx'), 'MinePage'),
})

const externalAuth = createRoute({
  getParentRoute: () => app,
  path: '/external-auth/$id',
  // What became of it at the provider.
  validateSearch: (search: Search) => words(search, 'result'),
  component: lazyRouteComponent(() => import('./pages/external-auth.tsx'), 'ExternalAuthPage'),
})

const signInSettings = createRoute({
  getParentRoute: () => app,
  path: '/sign-in',
  // A test login that has just been gone through.
  validateSearch: (search: Search) => words(search, 'test'),
  component: lazyRouteComponent(() => import('./pages/sign-in.tsx'), 'SignInPage'),
})

const providers = createRoute({
  getParentRoute: () => app,
  path: '/providers',
  component: lazyRouteComponent(() => import('./pages/providers.tsx'), 'ProvidersPage'),
})

const audit = createRoute({
  getParentRoute: () => app,
  path: '/audit',
  // `event`: the one that is open beside the list.
  validateSearch: (search: Search) => words(search, 'q', 'from', 'to', 'event'),
  component: lazyRouteComponent(() => import('./pages/audit.tsx'), 'AuditPage'),
})

const sinks = createRoute({
  getParentRoute: () => app,
  path: '/audit/sinks',
  component: lazyRouteComponent(() => import('./pages/sinks.tsx'), 'SinksPage'),
})

const holds = createRoute({
  getParentRoute: () => app,
  path: '/holds',
  component: lazyRouteComponent(() => import('./pages/holds.tsx'), 'HoldsPage'),
})

const hold = createRoute({
  getParentRoute: () => app,
  path: '/holds/$id',
  component: lazyRouteComponent(() => import('./pages/hold.tsx'), 'HoldPage'),
})

const encryption = createRoute({
  getParentRoute: () => app,
  path: '/encryption',
  component: lazyRouteComponent(() => import('./pages/encryption.tsx'), 'EncryptionPage'),
})

const tree = root.addChildren([
  login,
  forgotPassword,
  resetPassword,
  setup,
  device,
  app.addChildren([
    home,
    connect,
    sessions,
    session,
    requests,
    request,
    usage,
    inbox,
    tokens,
    people,
    person,
    serviceAccounts,
    serviceAccount,
    groups,
    group,
    organizations,
    organization,
    roles,
    signInSettings,
    providers,
    mine,
    externalAuth,
    audit,
    sinks,
    holds,
    hold,
    encryption,
  ]),
])

export function createConsoleRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    scrollRestoration: true,
    // A page that was not open before begins at its top, whatever the one before it was scrolled to.
    scrollToTopSelectors: ['#main'],
    defaultPreload: 'intent',
    defaultErrorComponent: Broken,
    defaultNotFoundComponent: NotFound,
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch,
  })
}

/** Plain strings, with what may stand in a query as it is left readable. */
function stringifySearch(search: Search): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === 'string' && value !== '') query.append(name, value)
  }
  return query.size === 0
    ? ''
    : `?${query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/')}`
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
