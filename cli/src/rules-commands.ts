import { type Command, command, optional } from './command.ts'
import { flag, text, texts } from './option.ts'

/** The commands of the rules about models and tools. */

const place = {
  organization: text('organization', 'name or id (default: the first one)'),
  group: text('group', 'of this group of the organization, by name or id'),
}
const models = texts('pattern', 'a model that may be asked, such as claude-* or anthropic/claude-*; may be repeated')

export const rulesCommands: readonly Command[] = [
  command({
    path: 'rules list',
    summary: 'All rules that you can see, of organizations and groups',
    run: async (context) => (await import('./commands/rules.ts')).listRules(context),
  }),
  command({
    path: 'rules show',
    summary: 'The rules of an organization or a group',
    options: place,
    run: async (context, input) => (await import('./commands/rules.ts')).showRules(context, input),
  }),
  command({
    path: 'rules set',
    summary: 'Say which models may be asked and which tools may be called; it counts within seconds',
    details:
      'Each list that is given takes the place of the one before; what is not named stays. In a pattern, * stands for any\n' +
      'characters. Rules of a group narrow those of its organization.',
    options: {
      ...place,
      model: models,
      anyModel: flag('say nothing about models'),
      allowTool: texts('pattern', 'a tool that may be called, and no others; may be repeated'),
      anyTool: flag('allow all tools that are not denied'),
      denyTool: texts('pattern', 'a tool that may not be called, such as Bash or mcp__*; may be repeated'),
      denyNoTool: flag('deny no tool'),
      contact: text('text', 'whom those ask to whom something is denied; ends the sentence “or ask …”'),
    },
    examples: [
      "reeve rules set --model 'claude-*' --model 'gemini-*' --contact 'the platform team'",
      "reeve rules set --group interns --deny-tool Bash --deny-tool 'mcp__*'",
    ],
    run: async (context, input) => (await import('./commands/rules.ts')).setRules(context, input),
  }),
  command({
    path: 'rules preview',
    summary: 'Which models that were asked in the last 30 days a list would deny',
    options: { ...place, model: models },
    examples: ["reeve rules preview --model 'claude-*'"],
    run: async (context, input) => (await import('./commands/rules.ts')).previewRules(context, input),
  }),
  command({
    path: 'rules check',
    summary: 'Whether somebody may ask a model and have a tool called, and which rule denies it',
    details: 'The exit code is 1 where something is denied. Everybody may ask about himself.',
    args: { user: optional('username or id (default: yourself)') },
    options: {
      provider: text('name', 'the provider that is asked, as in the path of requests'),
      model: text('name', 'the model, as requests name it'),
      tool: text('name', 'a tool that the model wants to have called'),
      organization: text('organization', 'name or id (default: the one that their requests are in)'),
    },
    examples: ['reeve rules check max --provider openai --model gpt-5 --tool Bash'],
    run: async (context, input) => (await import('./commands/rules.ts')).checkRules(context, input),
  }),
  command({
    path: 'rules remove',
    summary: 'Take the rules of an organization or a group away',
    options: place,
    run: async (context, input) => (await import('./commands/rules.ts')).removeRules(context, input),
  }),
]
