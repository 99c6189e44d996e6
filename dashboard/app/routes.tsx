import type { QueryClient } from '@tanstack/react-query'
import { createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { app, root } from './app-route.tsx'
import { Broken, NotFound } from './pages/broken.tsx'
import { type Search, stringifySearch, words } from './search-words.ts'
import { signedIn } from './shell/signed-in.ts'
import { workRoutes } from './work-routes.tsx'

/** The pages, and everything that a URL can say about them. */

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

/** A program waits for its code to be confirmed; nothing else of the console is of use then. */
const device = createRoute({
  getParentRoute: () => root,
  path: '/device',
  validateSearch: (search: Search) => words(search, 'code'),
  beforeLoad: signedIn,
  component: lazyRouteComponent(() => import('./pages/device.tsx'), 'DevicePage'),
})

/** The way back to an app of a workspace, for somebody who had to sign in first. */
const openApp = createRoute({
  getParentRoute: () => root,
  path: '/open-app',
  validateSearch: (search: Search) => words(search, 'redirect_uri', 'state'),
  beforeLoad: signedIn,
  component: lazyRouteComponent(() => import('./pages/open-app.tsx'), 'OpenAppPage'),
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

const retention = createRoute({
  getParentRoute: () => app,
  path: '/retention',
  component: lazyRouteComponent(() => import('./pages/retention.tsx'), 'RetentionPage'),
})

const licenses = createRoute({
  getParentRoute: () => app,
  path: '/licenses',
  // `counted`: yes unless `no` or `all`; `trigger`: how builds came about, however unless it is there.
  validateSearch: (search: Search) => words(search, 'counted', 'trigger'),
  component: lazyRouteComponent(() => import('./pages/licenses.tsx'), 'LicensesPage'),
})

const encryption = createRoute({
  getParentRoute: () => app,
  path: '/encryption',
  component: lazyRouteComponent(() => import('./pages/encryption.tsx'), 'EncryptionPage'),
})

const network = createRoute({
  getParentRoute: () => app,
  path: '/network',
  // `view`: decisions unless `destinations` or `rules`; `event`: the decision that is open beside the list.
  validateSearch: (search: Search) => words(search, 'q', 'from', 'to', 'view', 'event'),
  component: lazyRouteComponent(() => import('./pages/network.tsx'), 'NetworkPage'),
})

const policies = createRoute({
  getParentRoute: () => app,
  path: '/policies',
  component: lazyRouteComponent(() => import('./pages/policies.tsx'), 'PoliciesPage'),
})

const policy = createRoute({
  getParentRoute: () => app,
  path: '/policies/$policy',
  // `view`: the editor unless `versions`; `from`, `to`: versions that are compared; `add`: a denial to write a rule for.
  validateSearch: (search: Search) => words(search, 'view', 'from', 'to', 'add'),
  component: lazyRouteComponent(() => import('./pages/policy.tsx'), 'PolicyPage'),
})

const accessRequests = createRoute({
  getParentRoute: () => app,
  path: '/access-requests',
  // `show`: those that wait unless `all`; `request`: the one that is open.
  validateSearch: (search: Search) => words(search, 'show', 'request'),
  component: lazyRouteComponent(() => import('./pages/access-requests.tsx'), 'AccessRequestsPage'),
})

const tree = root.addChildren([
  login,
  forgotPassword,
  resetPassword,
  setup,
  device,
  openApp,
  app.addChildren([
    home,
    connect,
    sessions,
    session,
    requests,
    request,
    usage,
    network,
    policies,
    policy,
    accessRequests,
    ...workRoutes,
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
    retention,
    encryption,
    licenses,
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

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
