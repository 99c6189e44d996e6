import { type Command, command, required } from './command.ts'
import { choice, count, duration, flag, text } from './option.ts'

/** The commands about boundaries: what they decided, the policies that they follow, and access to what was denied. */

const paging = {
  limit: count('how many to show (default: 50)'),
  all: flag('show all, however many'),
}
const times = {
  since: text('time', 'from when: 2026-11-17T03:00:00Z, -24h, "last tue 03:00"'),
  until: text('time', 'until when; the same forms'),
}
const decisions = text(
  'query',
  'verdict:denied host: method: path: rule: policy: process: user: workspace: template: task: session: denial: kind:, and words; a space means and',
)
const places = {
  workspace: text('name', 'of boundaries in this workspace: its name or id'),
  task: text('name', 'of boundaries in the workspace of this task: its name or id'),
}
const policy = required('name or id of the policy')
const file = required('file with the policy; - for stdin')
const message = text('text', 'what changes and why; it stands with the version')
const request = required('id of the access request, or a beginning that only one has')
const scopes = ['session', 'user', 'organization'] as const
const scope = choice(scopes, 'for this boundary alone (default), every boundary of yours, or everybody here')

export const boundaryCommands: readonly Command[] = [
  command({
    path: 'explain',
    summary: 'Why an agent was denied something, and what to do about it',
    details: 'The id stands in the answer that the agent got, in the last lines of reeve boundary, and in the console.',
    args: { denial: required('id of the denial: dny_…') },
    options: { rules: flag('all rules that were looked at, not only the nearest') },
    examples: ['reeve explain dny_7Q2M4K9XTRBW5E8HN3VYZ6CAGS'],
    run: async (context, input) => (await import('./commands/explain.ts')).explain(context, input),
  }),
  command({
    path: 'access request',
    summary: 'Ask for what was denied; those who may decide are told',
    details:
      'What is asked for is the narrowest rule that would have allowed it. Nobody decides about his own request.',
    args: { denial: required('id of the denial: dny_…') },
    options: {
      scope,
      for: duration('for how long (default: 1d)'),
      reason: text('text', 'what it is for; needed'),
    },
    examples: [
      'reeve access request dny_7Q2M4K9XTRBW5E8HN3VYZ6CAGS --for 8h --reason "the provider index of terraform"',
    ],
    run: async (context, input) => (await import('./commands/access.ts')).requestAccess(context, input),
  }),
  command({
    path: 'access list',
    summary: 'Access requests, newest first; members see their own',
    options: { filter: text('query', 'status:pending user: host: denial:, and words of the reason'), ...paging },
    examples: ['reeve access list --filter status:pending'],
    run: async (context, input) => (await import('./commands/access.ts')).listAccess(context, input),
  }),
  command({
    path: 'access show',
    summary: 'One access request',
    args: { request },
    run: async (context, input) => (await import('./commands/access.ts')).showAccess(context, input),
  }),
  command({
    path: 'access approve',
    summary: 'Grant a request, as it was asked or narrower; boundaries that run have it within 10 seconds',
    args: { request },
    options: {
      scope: choice(scopes, 'for fewer than was asked (default: as asked)'),
      for: duration('for how long (default: as asked)'),
      method: text('methods', 'only these methods: GET,HEAD'),
      path: text('paths', 'only these paths: /acme/**,/public/*'),
      answer: text('text', 'a word to whoever asked'),
    },
    examples: ['reeve access approve 0197f3a2 --for 1h --method GET'],
    run: async (context, input) => (await import('./commands/access.ts')).approveAccess(context, input),
  }),
  command({
    path: 'access decline',
    summary: 'Decline a request; whoever runs into the same denial is shown why',
    args: { request },
    options: { reason: text('text', 'why not, and what to do instead; needed') },
    run: async (context, input) => (await import('./commands/access.ts')).declineAccess(context, input),
  }),
  command({
    path: 'access withdraw',
    summary: 'Take a request of your own back',
    args: { request },
    run: async (context, input) => (await import('./commands/access.ts')).withdrawAccess(context, input),
  }),
  command({
    path: 'policies list',
    summary: 'The policies of boundaries: of the deployment, of organizations and of templates',
    run: async (context) => (await import('./commands/policies.ts')).listPolicies(context),
  }),
  command({
    path: 'policies show',
    summary: 'The text of a policy',
    args: { policy },
    options: { version: count('of this version (default: the one in force)') },
    examples: ['reeve policies show team-web > team-web.yaml'],
    run: async (context, input) => (await import('./commands/policies.ts')).showPolicy(context, input),
  }),
  command({
    path: 'policies versions',
    summary: 'Who published what, when and why',
    args: { policy },
    run: async (context, input) => (await import('./commands/policies.ts')).listVersions(context, input),
  }),
  command({
    path: 'policies check',
    summary: 'What is wrong with a policy, and whether it passes its own tests; asks no server',
    details: 'The exit code is 1 where it could not be published.',
    args: { file },
    examples: ['reeve policies check team-web.yaml'],
    run: async (context, input) => (await import('./commands/policy-check.ts')).checkPolicy(context, input),
  }),
  command({
    path: 'policies publish',
    summary: 'Publish a policy that passes its own tests; boundaries that run have it within seconds',
    details: 'The name in the text says which policy it is. One that is not there yet is made.',
    args: { file },
    options: {
      message,
      organization: text('organization', 'a new policy is of this organization (default: of the deployment)'),
      template: text('template', 'a new policy holds in the workspaces of this template: its name or id'),
      basedOn: count('the version that the text began with: refused where somebody published since'),
    },
    examples: ['reeve policies publish team-web.yaml --message "reading from the mirror"'],
    run: async (context, input) => (await import('./commands/policies.ts')).publishPolicy(context, input),
  }),
  command({
    path: 'policies revert',
    summary: 'Publish the text of an earlier version again',
    args: { policy },
    options: { to: count('the version to go back to (default: the one before)'), message },
    run: async (context, input) => (await import('./commands/policies.ts')).revertPolicy(context, input),
  }),
  command({
    path: 'policies remove',
    summary: 'Take a policy out of force; its versions stay on record',
    args: { policy },
    run: async (context, input) => (await import('./commands/policies.ts')).removePolicy(context, input),
  }),
  command({
    path: 'policies simulate',
    summary: 'What would be decided about one request or command, and which rules were looked at',
    details: 'The exit code is 6 where it is denied.',
    args: { act: required('"GET https://api.github.com/acme/x", or a command line') },
    options: {
      file: text('file', 'by this text (default: by what is in force)'),
      exe: text('path', 'asked by this program'),
      user: text('user', 'by what is in force for this person'),
      organization: text('organization', 'by what is in force there'),
      template: text('template', 'by what is in force in its workspaces: its name or id'),
    },
    examples: ['reeve policies simulate "POST https://gist.github.com/gists" --file team-web.yaml'],
    run: async (context, input) => (await import('./commands/policy-trials.ts')).simulate(context, input),
  }),
  command({
    path: 'policies replay',
    summary: 'What a text would have decided otherwise in the last days',
    args: { file },
    options: { days: count('how many days (default: 7)') },
    run: async (context, input) => (await import('./commands/policy-trials.ts')).replay(context, input),
  }),
  command({
    path: 'policies import',
    summary: 'Make a policy of an allow-list of a Coder boundary; stdout is its text',
    details: 'What the list says otherwise than it seems is mended, and told on stderr.',
    args: { file: required('config.yaml, or a file with one entry on each line; - for stdin') },
    options: { name: text('name', 'of the policy (default: imported)') },
    examples: ['reeve policies import ~/.config/coder_boundary/config.yaml > team-web.yaml'],
    run: async (context, input) => (await import('./commands/policy-check.ts')).importPolicy(context, input),
  }),
  command({
    path: 'network events',
    summary: 'What boundaries decided, newest first; members see their own',
    options: {
      filter: decisions,
      ...places,
      ...times,
      ...paging,
      follow: flag('show the latest, and then each as it comes'),
    },
    examples: ["reeve network events --filter 'verdict:denied' --since -1h", 'reeve network events --follow -o jsonl'],
    run: async (context, input) => (await import('./commands/network.ts')).listEvents(context, input),
  }),
  command({
    path: 'network destinations',
    summary: 'Hosts that agents asked for, the most decisions first',
    options: { filter: decisions, ...places, ...times, limit: count('how many to show (default: 100)') },
    run: async (context, input) => (await import('./commands/network.ts')).listDestinations(context, input),
  }),
  command({
    path: 'network rules',
    summary: 'How often each rule decided, and which never did',
    options: { filter: decisions, ...places, ...times, limit: count('how many to show (default: 100)') },
    run: async (context, input) => (await import('./commands/network.ts')).listRules(context, input),
  }),
  command({
    path: 'boundaries list',
    summary: 'Boundaries that run or ran, and how complete their record is',
    options: {
      filter: text('query', 'status:live user: workspace: template: task: command: tier: policy: host:'),
      ...paging,
    },
    examples: ['reeve boundaries list --filter status:live'],
    run: async (context, input) => (await import('./commands/boundaries.ts')).listBoundaries(context, input),
  }),
  command({
    path: 'boundaries show',
    summary: 'One boundary',
    args: { id: required('id of the boundary, or a beginning that only one has') },
    run: async (context, input) => (await import('./commands/boundaries.ts')).showBoundary(context, input),
  }),
  command({
    path: 'boundaries end',
    summary: 'End the command that runs behind a boundary',
    args: { id: required('id of the boundary, or a beginning that only one has') },
    run: async (context, input) => (await import('./commands/boundaries.ts')).endBoundary(context, input),
  }),
]
