import { type Command, command } from './command.ts'
import { choice, count, text } from './option.ts'

export const usageCommands: readonly Command[] = [
  command({
    path: 'usage',
    summary: 'Requests and tokens of a period, added up; members see their own',
    details:
      'Fresh input, what came from the cache and what was written to it add up to what the models read; with the output\n' +
      'they are the tokens. Days are those of --tz, else of this machine. Without a period it is the last thirty days.',
    options: {
      by: choice(
        ['user', 'group', 'organization', 'model', 'provider', 'client', 'day', 'hour'],
        'a row each (default: day)',
      ),
      from: text('time', 'from when: 2026-11-01, -7d, "last mon"'),
      to: text('time', 'until when, not included (default: now); the same forms'),
      user: text('user', 'of one person: username or id, or me'),
      group: text('id', 'of the people who are in this group today'),
      organization: text('org', 'of one organization: name or id'),
      model: text('model', 'of one model, as clients ask for it'),
      provider: text('provider', 'of one provider'),
      client: text('client', 'of one client program'),
      top: count('how many rows to show, at most 1000 (default: 50)'),
    },
    examples: ['reeve usage --by user --from 2026-11-01 -o csv', 'reeve usage --by model --user me'],
    run: async (context, input) => (await import('./commands/usage.ts')).showUsage(context, input),
  }),
]
