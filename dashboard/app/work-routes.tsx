import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { app } from './app-route.tsx'
import { type Search, words } from './search-words.ts'

/** The pages of what agents work in: templates, tasks, workspaces. */

const templates = createRoute({
  getParentRoute: () => app,
  path: '/templates',
  component: lazyRouteComponent(() => import('./pages/templates.tsx'), 'TemplatesPage'),
})

const template = createRoute({
  getParentRoute: () => app,
  path: '/templates/$template',
  // `view`: the overview unless `versions`, `sharing` or `settings`; `version`: the one whose import is shown, and `against`
  // the one that its files are compared with.
  validateSearch: (search: Search) => words(search, 'view', 'version', 'against'),
  component: lazyRouteComponent(() => import('./pages/template.tsx'), 'TemplatePage'),
})

const tasks = createRoute({
  getParentRoute: () => app,
  path: '/tasks',
  // `new`: a task is being composed, of the template of that id where it is one.
  validateSearch: (search: Search) => words(search, 'q', 'new'),
  component: lazyRouteComponent(() => import('./pages/tasks.tsx'), 'TasksPage'),
})

const task = createRoute({
  getParentRoute: () => app,
  path: '/tasks/$task',
  // What is searched for in its log, the entry that is pointed at, and whether long lines are wrapped.
  validateSearch: (search: Search) => words(search, 'q', 'at', 'wrap'),
  component: lazyRouteComponent(() => import('./pages/task.tsx'), 'TaskPage'),
})

const workspaces = createRoute({
  getParentRoute: () => app,
  path: '/workspaces',
  validateSearch: (search: Search) => words(search, 'q'),
  component: lazyRouteComponent(() => import('./pages/workspaces.tsx'), 'WorkspacesPage'),
})

const workspace = createRoute({
  getParentRoute: () => app,
  path: '/workspaces/$workspace',
  // The number of the build that is open; the latest without it.
  validateSearch: (search: Search) => words(search, 'build'),
  component: lazyRouteComponent(() => import('./pages/workspace.tsx'), 'WorkspacePage'),
})

const terminal = createRoute({
  getParentRoute: () => app,
  path: '/workspaces/$workspace/terminal/$agent',
  component: lazyRouteComponent(() => import('./pages/terminal.tsx'), 'TerminalPage'),
})

export const workRoutes = [templates, template, tasks, task, workspaces, workspace, terminal] as const
