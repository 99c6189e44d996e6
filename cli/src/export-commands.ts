import { type Command, command, required } from './command.ts'
import { flag, text } from './option.ts'

/** Taking sessions away in a file. */
export const exportCommands: readonly Command[] = [
  command({
    path: 'bridge sessions export',
    summary: 'Sessions with everything that is kept of them, as a file; the export is on record',
    details:
      'JSON lines, oldest session first; the last line is a manifest with counts and a SHA-256 of all lines before it. A\n' +
      'download that breaks off leaves no file. Words of other people need --reason, and their owners can see it.',
    options: {
      out: text('file', 'where to write it (default: stdout)'),
      filter: text('query', 'as for bridge sessions list'),
      since: text('time', 'from when: 2026-11-17T03:00:00Z, -24h, "last tue 03:00"'),
      until: text('time', 'until when; the same forms'),
      bodies: flag(
        'with the bytes of requests and answers as they were recorded; every request repeats its conversation',
      ),
      withoutContent: flag('leave out the words of other people'),
      after: text('id', 'go on behind this session: last_session_id of an earlier export'),
      reason: text('text', 'why; it stands in the audit log and with each person whose words are in the file'),
    },
    examples: [
      "reeve bridge sessions export --out sessions.jsonl --since -7d --reason 'incident 42'",
      'reeve bridge sessions verify sessions.jsonl',
    ],
    run: async (context, input) => (await import('./commands/session-export.ts')).exportSessions(context, input),
  }),
  command({
    path: 'bridge sessions verify',
    summary: 'Whether an export of sessions is whole and unchanged; asks no server',
    args: { file: required('what bridge sessions export wrote') },
    run: async (context, input) => (await import('./commands/session-export.ts')).verifySessions(context, input),
  }),
]
