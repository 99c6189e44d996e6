import { PortShareLevel } from '@reeve/sdk'
import { type Command, command, optional, required, words } from './command.ts'
import { choice, duration, flag, lettered, text, texts } from './option.ts'

/** The commands of templates. */

const template = required('name or id of the template')
const within = { organization: text('org', 'the organization: name or id (default: the default one)') }

export const templateCommands: readonly Command[] = [
  command({
    path: 'templates list',
    summary: 'The templates that you may see',
    options: { organization: text('org', 'of one organization: name or id') },
    run: async (context, input) => (await import('./commands/templates.ts')).listTemplates(context, input),
  }),
  command({
    path: 'templates show',
    summary: 'One template',
    args: { template },
    options: within,
    run: async (context, input) => (await import('./commands/templates.ts')).showTemplate(context, input),
  }),
  command({
    path: 'templates init',
    summary: 'Write a starter template into a folder, to change it and push it',
    details: 'Starters come with the server. Without a name they are listed.',
    args: { starter: optional('which one'), folder: optional('where to (default: its name)') },
    options: { list: flag('the starters that there are') },
    examples: ['reeve templates init local-claude', 'reeve templates init docker ./agent-desk'],
    run: async (context, input) => (await import('./commands/template-init.ts')).initTemplate(context, input),
  }),
  command({
    path: 'templates push',
    summary: 'Push a folder of Terraform as the next version of a template, or as a new one',
    details:
      'The server imports it: what that says is shown as it comes, and where it fails nothing is changed and the exit\n' +
      'code is not 0. .git, .terraform and states stay where they are; modules that were fetched into .terraform/modules\n' +
      'go along, so that the server does not have to reach where they come from.',
    args: { folder: optional('with the template (default: this one); - reads an archive from stdin') },
    options: {
      name: text('name', 'of the template (default: that of the folder, or of the starter)'),
      starter: text('name', 'a starter of the server in place of a folder'),
      ...within,
      message: lettered('-m', text('text', 'what is different')),
      versionName: text('name', 'of the version (default: the next number)'),
      activate: choice(['all', 'none'], 'whether new workspaces are made of it (default: asks)'),
      variable: texts('name=value', 'a variable of the template'),
      variablesFile: text('file', 'with a name=value on each line'),
      varFile: text('file', 'the same as --variables-file'),
      planOnly: flag('import it and change nothing; for CI'),
      vendor: flag('fetch its modules first, with the Terraform of this machine'),
    },
    examples: [
      'reeve templates push ./agent-small -m "node 24" --activate all',
      'reeve templates push --starter local-claude',
    ],
    run: async (context, input) => (await import('./commands/template-push.ts')).pushTemplate(context, input),
  }),
  command({
    path: 'templates plan',
    summary: 'What a workspace of a template would be made of, without making one',
    args: { template },
    options: {
      ...within,
      version: text('name', 'of this version (default: the active one)'),
      name: text('name', 'the name that the workspace would have'),
      parameter: texts('name=value', 'a parameter'),
      variable: texts('name=value', 'a variable, in place of what was pushed; for who may change the template'),
    },
    examples: ['reeve templates plan agent-small --parameter cpu=8'],
    run: async (context, input) => (await import('./commands/template-plan.ts')).planTemplate(context, input),
  }),
  command({
    path: 'templates test',
    summary: 'Make a workspace of a folder of Terraform, see that it works, and take all of it away again',
    details:
      'The folder is imported as a version that is not active: of the template that has its name, or of one that is made\n' +
      'for the test. A workspace of this version is built; its agents have to connect, and their start scripts to end well;\n' +
      'the command, where there is one, has to end with exit code 0. Then the workspace is deleted. A version that did not\n' +
      'hold is archived, and a template that was made for the test is removed. The exit code is 1 where a step did not\n' +
      'hold, and 7 where --timeout (default: 15m) was over; Ctrl-C takes everything away as well.',
    args: {
      folder: optional('with the template (default: this one); - reads an archive from stdin'),
      command: words('what to run in the workspace, after --; given to its shell'),
    },
    options: {
      name: text('name', 'of the template (default: that of the folder)'),
      ...within,
      version: text('name', 'test this version of it in place of a folder'),
      param: texts('name=value', 'a parameter of the workspace'),
      parameter: texts('name=value', 'the same as --param'),
      preset: text('preset', 'name or id of a preset'),
      variable: texts('name=value', 'a variable of the template'),
      var: texts('name=value', 'the same as --variable'),
      variablesFile: text('file', 'with a name=value on each line'),
      varFile: text('file', 'the same as --variables-file'),
      agent: text('name', 'where the command runs, in a workspace of several agents'),
      keep: flag('leave everything as it is, to look at it'),
    },
    examples: [
      'reeve templates test ./agent-small --param cpu=4 -- git --version',
      'reeve templates test --name agent-small --version v7 -o json',
    ],
    run: async (context, input) => (await import('./commands/template-test.ts')).testTemplate(context, input),
  }),
  command({
    path: 'templates versions',
    summary: 'The versions of a template, the latest first',
    args: { template },
    options: { ...within, archived: flag('also those that are archived') },
    run: async (context, input) => (await import('./commands/templates.ts')).listVersions(context, input),
  }),
  command({
    path: 'templates diff',
    summary: 'What is different in the files of two versions of a template, or of a version and a folder',
    details:
      'Without names the active version is compared with the newest one. It is a patch as git takes it, in which\n' +
      'what could drive a terminal is made visible; -o json has the very text. Files that are no text are only named. The\n' +
      'exit code is 0, with --exit-code 1 where something differs.',
    args: {
      template,
      from: optional('name of a version (default: the active one)'),
      to: optional('name of a version (default: the newest)'),
    },
    options: {
      ...within,
      dir: text('folder', 'compare with this folder, as it would be pushed; - reads an archive from stdin'),
      exitCode: flag('end with 1 where something differs'),
    },
    examples: ['reeve templates diff agent-small v6 v7', 'reeve templates diff agent-small --dir . --exit-code'],
    run: async (context, input) => (await import('./commands/template-diff.ts')).diffTemplate(context, input),
  }),
  command({
    path: 'templates promote',
    summary: 'Make a version the one that new workspaces are made of',
    args: { template, version: required('its name') },
    options: within,
    run: async (context, input) => (await import('./commands/templates.ts')).promoteVersion(context, input),
  }),
  command({
    path: 'templates archive',
    summary: 'Archive the versions whose import failed',
    args: { template },
    options: { ...within, all: flag('all but the active one') },
    run: async (context, input) => (await import('./commands/templates.ts')).archiveVersions(context, input),
  }),
  command({
    path: 'templates pull',
    summary: 'The archive of a version, as it was pushed',
    args: { template },
    options: {
      ...within,
      version: text('name', 'of this version (default: the active one)'),
      out: text('file', 'where to write it (default: stdout); a file that is there is left alone'),
    },
    examples: ['reeve templates pull agent-small | tar -x -C agent-small'],
    run: async (context, input) => (await import('./commands/templates.ts')).pullTemplate(context, input),
  }),
  command({
    path: 'templates edit',
    summary: 'Change what is said of a template, and what holds for its workspaces',
    args: { template },
    options: {
      ...within,
      name: text('name', 'another name'),
      displayName: text('text', 'what people read'),
      description: text('text', 'what it is for'),
      icon: text('address', 'of a picture'),
      deprecated: text('text', 'why no new workspaces are made of it; "" takes that back'),
      defaultTtl: duration('after so long without activity a workspace stops'),
      activityBump: duration('by so much use moves the stop'),
      failureTtl: duration('after so long a workspace is stopped whose start failed'),
      dormantTtl: duration('after so long unused a workspace is dormant'),
      deleteTtl: duration('after so long dormant a workspace is deleted'),
      startDays: text('days', 'on which workspaces may start by themselves, with commas; "" for none'),
      stopDays: text('days', 'on which workspaces are stopped in the quiet hour, with commas; "" for none'),
      sharePorts: choice(PortShareLevel.options, 'with whom owners may share ports of their workspaces at most'),
    },
    run: async (context, input) => (await import('./commands/templates.ts')).editTemplate(context, input),
  }),
  command({
    path: 'templates share',
    summary: 'Who may use a template and who administers it; without options, who does',
    args: { template },
    options: {
      ...within,
      use: texts('name', 'a person or group that may use it'),
      admin: texts('name', 'a person or group that may change it'),
      take: texts('name', 'a person or group that comes off the list'),
      everyone: choice(['yes', 'no'], 'whether everyone with workspace access may use it'),
    },
    examples: ['reeve templates share agent-small --everyone no --use platform'],
    run: async (context, input) => (await import('./commands/templates.ts')).shareTemplate(context, input),
  }),
  command({
    path: 'templates remove',
    summary: 'Delete a template; its versions stay on record',
    args: { template },
    options: within,
    run: async (context, input) => (await import('./commands/templates.ts')).removeTemplate(context, input),
  }),
]
