import { PortShareLevel } from '@reeve/sdk'
import { type Command, command, optional, required } from './command.ts'
import { choice, duration, flag, text, texts } from './option.ts'

/** The commands of what holds for a workspace between its builds. */

const workspace = required('name, owner/name or id of the workspace')

export const workspaceTimeCommands: readonly Command[] = [
  command({
    path: 'workspaces schedule',
    summary: 'When a workspace starts and stops by itself; without options, what holds',
    args: { workspace },
    options: {
      start: text('cron', 'with a time zone, such as "CRON_TZ=Europe/Berlin 30 9 * * 1-5"; "" for never'),
      stopAfter: duration('so long without activity; 0 for never'),
      asTemplate: flag('it stops as its template says'),
      update: choice(['never', 'always'], 'whether it takes the active version when it starts by itself'),
    },
    examples: ['reeve workspaces schedule billing --start "CRON_TZ=Europe/Berlin 30 9 * * 1-5" --stop-after 8h'],
    run: async (context, input) => (await import('./commands/workspace-times.ts')).scheduleWorkspace(context, input),
  }),
  command({
    path: 'workspaces extend',
    summary: 'Move the stop of a workspace that runs',
    args: { workspace },
    options: { by: duration('by so much (default: 1h)') },
    examples: ['reeve workspaces extend billing --by 2h'],
    run: async (context, input) => (await import('./commands/workspace-times.ts')).extendWorkspace(context, input),
  }),
  command({
    path: 'workspaces rename',
    summary: 'Give a workspace another name',
    args: { workspace, name: required('the other name') },
    run: async (context, input) => (await import('./commands/workspace-times.ts')).renameWorkspace(context, input),
  }),
  command({
    path: 'workspaces favorite',
    summary: 'Put a workspace among your favourites',
    args: { workspace },
    options: { off: flag('take it off them') },
    run: async (context, input) => (await import('./commands/workspace-times.ts')).favorWorkspace(context, input),
  }),
  command({
    path: 'workspaces dormant',
    summary: 'Put a workspace to sleep that nobody needs: it stops, and goes when its template says so',
    args: { workspace },
    options: { wake: flag('wake it') },
    run: async (context, input) => (await import('./commands/workspace-times.ts')).putToSleep(context, input),
  }),
  command({
    path: 'workspaces share',
    summary: 'Let others into a workspace of yours; without options, who is let in',
    details:
      'Whoever may use a workspace gets at all that is in it: your files, and what calls models in your name. With --admin\n' +
      'they start, stop and change it as well.',
    args: { workspace },
    options: {
      user: texts('user', 'username or id'),
      group: texts('group', 'name of a group of the organization'),
      admin: flag('they may also start, stop and change it'),
      off: flag('not any more'),
    },
    examples: ['reeve workspaces share billing --user erik --group platform'],
    run: async (context, input) => (await import('./commands/workspace-times.ts')).shareWorkspace(context, input),
  }),
  command({
    path: 'workspaces ports',
    summary: 'The ports of a workspace that others may open in a browser',
    args: { workspace },
    run: async (context, input) => (await import('./commands/workspace-ports.ts')).listPorts(context, input),
  }),
  command({
    path: 'workspaces share-port',
    summary: 'Let others open a port of a workspace of yours in a browser, as far as its template allows',
    args: {
      workspace: required('name, owner/name or id, with .agent where there are several'),
      port: required('of it'),
    },
    options: {
      with: choice(PortShareLevel.exclude(['owner']).options, 'whom: members, whoever is signed in, everybody'),
      off: flag('not any more'),
    },
    examples: ['reeve workspaces share-port billing 3000 --with organization'],
    run: async (context, input) => (await import('./commands/workspace-ports.ts')).sharePort(context, input),
  }),
  command({
    path: 'quota',
    summary: 'What your workspaces cost a day, and may cost',
    args: { user: optional('username or id (default: you)') },
    options: { organization: text('org', 'name or id (default: the default one)') },
    run: async (context, input) => (await import('./commands/workspace-times.ts')).showQuota(context, input),
  }),
]
