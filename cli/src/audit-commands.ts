import { type Command, command, optional, required } from './command.ts'
import { choice, count, flag, text, texts } from './option.ts'

/** The commands of the audit log. */

const filter = {
  filter: text('query', 'words, and keys such as action: resource_type: username: outcome: source: ip: reason:'),
}
const times = {
  since: text('time', 'from when: 2026-11-17T03:00:00Z, -24h, "last tue 03:00"'),
  until: text('time', 'until when; the same forms'),
}
const paging = {
  limit: count('how many to show (default: 50)'),
  all: flag('show all, however many'),
}

export const auditCommands: readonly Command[] = [
  command({
    path: 'audit list',
    summary: 'Who changed what, newest first',
    options: { ...filter, ...times, ...paging },
    run: async (context, input) => (await import('./commands/audit.ts')).listAudit(context, input),
  }),
  command({
    path: 'audit tail',
    summary: 'The latest events, and each as it comes',
    options: { ...filter, lines: count('how many of the past to begin with (default: 10)') },
    run: async (context, input) => (await import('./commands/audit.ts')).tailAudit(context, input),
  }),
  command({
    path: 'audit export',
    summary: 'The audit log as a file that proves itself; the export is on record',
    options: {
      out: text('file', 'where to write it (default: stdout)'),
      format: choice(['jsonl', 'csv', 'ocsf'], 'jsonl (default) can be verified'),
      ...filter,
      reason: text('text', 'why; it stands in the event of the export'),
    },
    examples: ['reeve audit export --out audit.jsonl', 'reeve audit verify audit.jsonl'],
    run: async (context, input) => (await import('./commands/audit-proof.ts')).exportAudit(context, input),
  }),
  command({
    path: 'audit verify',
    summary: 'Whether the audit log is complete and unchanged; of a file, without any server',
    details:
      'Without a file, what the server holds is fetched and verified here. What is wrong is named: deleted, edited,\n' +
      'swapped, truncated, rewritten, restored. Exit code 1 when anything is.',
    args: { file: optional('an export (default: ask the server for one)') },
    options: {
      checkpoints: texts('file', 'a checkpoints.log that was kept elsewhere; may be repeated'),
      key: texts('key', 'a public key that you trust, as reeve audit key prints it; may be repeated'),
    },
    run: async (context, input) => (await import('./commands/audit-proof.ts')).verifyAudit(context, input),
  }),
  command({
    path: 'audit key',
    summary: 'The public keys that checkpoints are signed with',
    run: async (context) => (await import('./commands/audit-proof.ts')).showAuditKeys(context),
  }),
  command({
    path: 'audit sinks list',
    summary: 'Where audit events and records are sent, and how far each sink has got',
    run: async (context) => (await import('./commands/audit-sinks.ts')).listSinks(context),
  }),
  command({
    path: 'audit sinks create',
    summary: 'Send audit events, records of interceptions, or events of boundaries somewhere',
    args: {
      name: required('small letters, digits and hyphens'),
      url: required('tls://host:6514 for syslog, https:// for the others'),
    },
    options: {
      kind: choice(['syslog', 'otlp', 'webhook'], 'what receives them'),
      sends: texts('stream', 'audit (default), interceptions or boundaries; may be repeated'),
      content: flag('records come with prompts, thoughts and inputs of tools'),
      format: choice(['reeve', 'ocsf'], 'form of the events (default: reeve)'),
      secretFile: text('file', 'webhook: what it is signed with (made if absent); otlp: a bearer token'),
      ca: text('file', 'certificates (PEM) to trust'),
      allowPrivate: flag('the address may be in a private network'),
      fromBeginning: flag('send what there is already, too'),
    },
    examples: [
      'reeve audit sinks create siem tls://logs.example.com:6514 --kind syslog',
      'reeve audit sinks create agents https://otel.example.com --kind otlp --sends interceptions --sends boundaries',
    ],
    run: async (context, input) => (await import('./commands/audit-sinks.ts')).createSink(context, input),
  }),
  command({
    path: 'audit sinks update',
    summary: 'Change a sink; what is not named stays',
    details:
      'A token is sent to no other address than the one that it was entered for: with a new --address of a sink of the kind\n' +
      'otlp, give --secret-file or --renew-secret as well.',
    args: { sink: required('name or id') },
    options: {
      name: text('name', 'another name'),
      address: text('url', 'another address'),
      sends: texts('stream', 'audit, interceptions or boundaries; may be repeated'),
      content: flag('records come with prompts, thoughts and inputs of tools'),
      withoutContent: flag('records come without them'),
      format: choice(['reeve', 'ocsf'], 'form of the events'),
      secretFile: text('file', 'webhook: what it is signed with; otlp: a bearer token'),
      renewSecret: flag('webhook: make a new secret and show it once; otlp: send no token'),
      ca: text('file', 'certificates (PEM) to trust'),
      publicCa: flag('trust the public certificates again'),
      allowPrivate: flag('the address may be in a private network'),
      refusePrivate: flag('the address may not be in a private network'),
    },
    examples: ['reeve audit sinks update siem --address tls://logs2.example.com:6514'],
    run: async (context, input) => (await import('./commands/audit-sinks.ts')).updateSink(context, input),
  }),
  command({
    path: 'audit sinks disable',
    summary: 'Send nothing to a sink until it is enabled again; its place in the log stays',
    args: { sink: required('name or id') },
    run: async (context, input) => (await import('./commands/audit-sinks.ts')).switchSink(context, input, false),
  }),
  command({
    path: 'audit sinks enable',
    summary: 'Send to a sink again, what came meanwhile first',
    args: { sink: required('name or id') },
    run: async (context, input) => (await import('./commands/audit-sinks.ts')).switchSink(context, input, true),
  }),
  command({
    path: 'audit sinks test',
    summary: 'Send one event that says that it is a test',
    args: { sink: required('name or id') },
    run: async (context, input) => (await import('./commands/audit-sinks.ts')).testSink(context, input),
  }),
  command({
    path: 'audit sinks remove',
    summary: 'Send nothing more to a sink',
    args: { sink: required('name or id') },
    run: async (context, input) => (await import('./commands/audit-sinks.ts')).removeSink(context, input),
  }),
]
