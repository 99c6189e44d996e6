import { type Command, command, optional, required } from './command.ts'
import { count, flag, lettered, text, texts } from './option.ts'

/** The commands of workspaces. */

const workspace = required('name, owner/name or id of the workspace')
const parameter = texts('name=value', 'a parameter of the template')
const detach = flag('do not wait for the end of it')

export const workspaceCommands: readonly Command[] = [
  command({
    path: 'workspaces create',
    summary: 'Make a workspace of a template and start it',
    details:
      'What the build says is shown as it comes; where it fails the exit code is not 0, and what was made so far stays on\n' +
      'record for the next build.',
    args: { name: required('of the workspace'), template: required('name or id of the template') },
    options: {
      organization: text('org', 'the organization of the template: name or id (default: the default one)'),
      owner: text('user', 'for somebody else: username or id'),
      parameter,
      detach,
    },
    examples: ['reeve workspaces create billing agent-small --parameter cpu=4'],
    run: async (context, input) => (await import('./commands/workspaces.ts')).createWorkspace(context, input),
  }),
  command({
    path: 'workspaces list',
    summary: 'The workspaces that you may see, the newest first',
    args: { query: optional('owner:, template:, name:, status:, and words of the name (default: owner:me)') },
    options: { limit: count('how many to show (default: 50)'), all: flag('show all, however many') },
    examples: ['reeve workspaces list "owner:me status:running"', 'reeve workspaces list template:agent-small'],
    run: async (context, input) => (await import('./commands/workspaces.ts')).listWorkspaces(context, input),
  }),
  command({
    path: 'workspaces show',
    summary: 'One workspace',
    args: { workspace },
    run: async (context, input) => (await import('./commands/workspaces.ts')).showWorkspace(context, input),
  }),
  command({
    path: 'workspaces start',
    summary: 'Start a workspace, with the parameters that it had',
    args: { workspace },
    options: { parameter, detach },
    run: async (context, input) => (await import('./commands/workspaces.ts')).startWorkspace(context, input),
  }),
  command({
    path: 'workspaces stop',
    summary: 'Stop a workspace; what its template keeps stays',
    args: { workspace },
    options: { detach },
    run: async (context, input) => (await import('./commands/workspaces.ts')).stopWorkspace(context, input),
  }),
  command({
    path: 'workspaces update',
    summary: 'Build a workspace with the active version of its template, and start it',
    details: 'Values of its parameters stay as they were; new parameters have their defaults or are given.',
    args: { workspace },
    options: { parameter, detach },
    run: async (context, input) => (await import('./commands/workspaces.ts')).updateWorkspace(context, input),
  }),
  command({
    path: 'workspaces open',
    summary: 'Show a workspace or one of its apps in the browser, or open a shell in it',
    args: { workspace },
    options: {
      app: text('name', 'this app of it'),
      terminal: flag('a shell in it, in this terminal, as reeve ssh'),
      print: flag('only print the address'),
    },
    examples: ['reeve workspaces open billing --app code', 'reeve workspaces open billing --terminal'],
    run: async (context, input) => (await import('./commands/workspace-open.ts')).openWorkspace(context, input),
  }),
  command({
    path: 'workspaces delete',
    summary: 'Delete a workspace and everything that it is made of',
    args: { workspace },
    options: { orphan: flag('leave what it is made of where it is; for who may change its template'), detach },
    run: async (context, input) => (await import('./commands/workspaces.ts')).deleteWorkspace(context, input),
  }),
  command({
    path: 'workspaces agents',
    summary: 'The agents of a workspace: whether they are connected, and how far their scripts got',
    args: { workspace },
    run: async (context, input) => (await import('./commands/workspace-agents.ts')).listAgents(context, input),
  }),
  command({
    path: 'workspaces agent-logs',
    summary: 'What the scripts of the agents of a workspace said',
    args: { workspace },
    options: {
      agent: text('name', 'of this agent only'),
      follow: lettered('-f', flag('go on with what they say from now on, until the workspace is stopped')),
    },
    run: async (context, input) => (await import('./commands/workspace-agents.ts')).showAgentLogs(context, input),
  }),
  command({
    path: 'workspaces logs',
    summary: 'What the latest build of a workspace said, and says',
    args: { workspace },
    options: { build: count('of the build of this number') },
    run: async (context, input) => (await import('./commands/workspace-logs.ts')).showLogs(context, input),
  }),
]
