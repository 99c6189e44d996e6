import { type Command, command, optional, required } from './command.ts'
import { choice, count, flag, text, texts } from './option.ts'

/** The commands of licences and of the meter; the last two are for whoever makes licences, and ask no server. */
export const licenseCommands: readonly Command[] = [
  command({
    path: 'licenses add',
    summary: 'Add a licence',
    args: { file: optional('with the licence; - or nothing reads stdin') },
    examples: ['reeve licenses add acme.license', 'reeve licenses add < acme.license'],
    run: async (context, input) => (await import('./commands/licenses.ts')).addLicense(context, input),
  }),
  command({
    path: 'licenses list',
    summary: 'The licences of this deployment, and what is the matter with them',
    run: async (context) => (await import('./commands/licenses.ts')).listLicenses(context),
  }),
  command({
    path: 'licenses delete',
    summary: 'Take a licence away',
    args: { license: required('its number, as the list has it') },
    run: async (context, input) => (await import('./commands/licenses.ts')).deleteLicense(context, input),
  }),
  command({
    path: 'licenses usage',
    summary: 'How many Agent Workspace Builds are used of how many, how fast, and when that would be all',
    run: async (context) => (await import('./commands/build-meter.ts')).showMeter(context),
  }),
  command({
    path: 'licenses builds',
    summary: 'Agent Workspace Builds one by one, newest first, and why each counts; members see their own',
    options: {
      organization: text('org', 'of one organization: name or id'),
      template: text('template', 'of one template: name or id'),
      owner: text('user', 'of one person: username or id, or me'),
      trigger: choice(['create', 'resume', 'manual_start', 'autostart'], 'that came about like this'),
      counted: choice(['yes', 'no', 'all'], 'no: the starts that did not count, and why not (default: yes)'),
      since: text('time', 'from when: 2026-11-17T03:00:00Z, -24h, "last tue 03:00"'),
      until: text('time', 'until when; the same forms'),
      limit: count('how many to show (default: 50)'),
      all: flag('show all, however many'),
    },
    examples: ['reeve licenses builds --since -30d --all -o csv', 'reeve licenses builds --counted no --owner dana'],
    run: async (context, input) => (await import('./commands/build-meter.ts')).listBuilds(context, input),
  }),
  command({
    path: 'licenses make-key',
    summary: 'Make a key to sign licences with; prints what servers are told to believe it by',
    details:
      'What is printed goes into REEVE_LICENSE_PUBLIC_KEYS of the servers. Whoever has the file can make licences.',
    args: { kid: required('name of the key, which licences carry') },
    options: { out: text('file', 'where to write the private key; a file that is there is left alone') },
    examples: ['reeve licenses make-key acme-2026 --out acme-2026.pem'],
    run: async (context, input) => (await import('./commands/make-license.ts')).makeKey(context, input),
  }),
  command({
    path: 'licenses make',
    summary: 'Make a licence: sign how much a deployment may use, and until when',
    args: { kid: required('name of the key, as make-key was given it') },
    options: {
      key: text('file', 'the private key, as make-key wrote it'),
      account: text('name', 'whom it is for'),
      deployment: texts('id', 'where it counts; may be repeated (default: anywhere)'),
      builds: count('how many Agent Workspace Builds it is for'),
      users: count('how many users it is for'),
      from: text('time', 'when it begins (default: now): 2026-12-01, "next mon"'),
      days: count('for how many days (default: 365)'),
      graceDays: count('for how many days more it is honoured, with a warning (default: 30)'),
      trial: flag('it is for trying out'),
    },
    examples: ['reeve licenses make acme-2026 --key acme-2026.pem --account Acme --builds 20000 > acme.license'],
    run: async (context, input) => (await import('./commands/make-license.ts')).makeLicense(context, input),
  }),
]
