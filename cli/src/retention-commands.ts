import { DataClass } from '@reeve/sdk'
import { type Command, command, optional, required } from './command.ts'
import { choice, count, flag, text, texts } from './option.ts'

/** The commands of retention: how long what is kept, what would go, what went, and what must stay. */

const times = {
  since: text('time', 'from when: 2026-11-17T03:00:00Z, -24h, "last tue 03:00"'),
  until: text('time', 'until when; the same forms'),
}
const about = {
  user: text('user', 'username or id'),
  session: text('id', 'a session'),
  ...times,
}
const organization = text('org', 'of which organization: name or id')

export const retentionCommands: readonly Command[] = [
  command({
    path: 'retention show',
    summary: 'How long each class of data is kept, by the deployment and by each organization',
    run: async (context) => (await import('./commands/retention.ts')).showPolicies(context),
  }),
  command({
    path: 'retention set',
    summary: 'How long an organization keeps a class; shorter counts after a day, longer at once',
    details:
      'Says before what would go by it, and asks. Until a shorter time is in force it can be taken back by setting another\n' +
      'one. The deployment itself follows its settings.',
    args: {
      class: required(`one of ${DataClass.options.join(', ')}`),
      keep: required('days, as 190d; 0 for ever; default for what the deployment says'),
    },
    options: { organization, reason: text('text', 'why; it is on record') },
    examples: ['reeve retention set content 30d --organization acme --reason "works council, 2026-11"'],
    run: async (context, input) => (await import('./commands/retention.ts')).setPolicy(context, input),
  }),
  command({
    path: 'retention plan',
    summary: 'What retention would remove at this moment; nothing is removed',
    details: 'With --class, --keep and --organization: what would go if that were in force.',
    options: {
      class: choice(DataClass.options, 'a class that would be kept so long'),
      keep: text('days', 'how long: 190d; 0 for ever; default'),
      organization,
    },
    examples: ['reeve retention plan --class content --keep 30d --organization acme'],
    run: async (context, input) => (await import('./commands/retention.ts')).planRetention(context, input),
  }),
  command({
    path: 'retention run',
    summary: 'Remove now what is over, as each day happens by itself',
    run: async (context) => (await import('./commands/retention.ts')).runRetention(context),
  }),
  command({
    path: 'retention receipts list',
    summary: 'What retention has removed, newest first',
    options: { limit: count('how many to show (default: 50)') },
    run: async (context, input) => (await import('./commands/retention-receipts.ts')).listReceipts(context, input),
  }),
  command({
    path: 'retention receipts export',
    summary: 'All receipts as a file that proves itself',
    options: { out: text('file', 'where to write it (default: stdout)') },
    run: async (context, input) => (await import('./commands/retention-receipts.ts')).exportReceipts(context, input),
  }),
  command({
    path: 'retention receipts verify',
    summary: 'Whether the receipts are genuine and complete; of a file, without any server',
    details:
      'With --audit, an export of the audit log, also whether each is the one that the log tells of, and whether the newest\n' +
      'are there. Exit code 1 when anything is wrong.',
    args: { file: optional('an export (default: ask the server for one)') },
    options: {
      key: texts('key', 'a public key that you trust, as reeve audit key prints it; may be repeated'),
      audit: text('file', 'an export of the audit log; verify it with reeve audit verify'),
    },
    run: async (context, input) => (await import('./commands/retention-receipts.ts')).checkReceipts(context, input),
  }),
  command({
    path: 'retention holds list',
    summary: 'Legal holds, newest first; released ones too',
    run: async (context) => (await import('./commands/holds.ts')).listHolds(context),
  }),
  command({
    path: 'retention holds create',
    summary: 'Keep what a user did, a session, or all of a time, until the hold is released',
    options: {
      ...about,
      dryRun: flag('say how much it would cover, and place none'),
      reason: text('text', 'why; it is on record'),
    },
    run: async (context, input) => (await import('./commands/holds.ts')).createHold(context, input),
  }),
  command({
    path: 'retention holds show',
    summary: 'One legal hold, and how much it covers',
    args: { hold: required('id') },
    run: async (context, input) => (await import('./commands/holds.ts')).showHold(context, input),
  }),
  command({
    path: 'retention holds release',
    summary: 'End a legal hold',
    args: { hold: required('id') },
    options: { reason: text('text', 'why; it is on record') },
    run: async (context, input) => (await import('./commands/holds.ts')).releaseHold(context, input),
  }),
]
