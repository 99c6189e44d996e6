import { type Command, command, optional, required } from './command.ts'
import { choice, count, duration, flag, lettered, text, texts } from './option.ts'

/** The commands of tasks. */

const task = required(
  'name, owner/name or id of the task; a beginning or an end of the id that only one of yours has is enough',
)
const detach = flag('do not wait for the end of it')
const prompt = {
  stdin: flag('read it from stdin'),
  promptFile: text('file', 'read it from this file; - for stdin'),
}
const limits = {
  budgetTokens: count('pause it when it has used so many tokens'),
  timeLimit: duration('pause it when it has run so long'),
}
const labels = { label: texts('key=value', 'a label, such as pipeline=4711; may be given several times') }
const quiet = lettered('-q', flag('only the id, as with -o id'))
const waiting = 'With --wait or in `tasks wait`, --timeout is how long to wait in all.\n'
const outcomes =
  'Exit codes: 0 done, 20 failed, 21 needs input, 22 canceled or deleted, 23 paused, 8 out of tokens, 7 out of time.'

export const taskCommands: readonly Command[] = [
  command({
    path: 'tasks create',
    summary: 'Give a coding agent something to do, in a workspace made for it',
    details:
      'The prompt is an argument, or comes from --prompt-file or, with --stdin, from stdin. The template has to have an agent\n' +
      'for tasks in it. Creating counts 1 Agent Workspace Build. What REEVE_TASK_TEMPLATE, REEVE_TASK_TEMPLATE_VERSION and\n' +
      'REEVE_TASK_PRESET name is used where the flags are not given.\n\n' +
      `${waiting}Ctrl-C stops the waiting and not the task.\n${outcomes}`,
    args: { prompt: optional('what to do; - to read it from stdin') },
    options: {
      template: lettered('-t', text('template', 'name or id of the template')),
      templateVersion: text('version', 'name or id of a version of it (default: the active one)'),
      organization: text('org', 'the organization of the template: name or id (default: the default one)'),
      preset: text(
        'preset',
        'name or id of a preset of the template, or none (default: the one that it has as its default)',
      ),
      param: texts('name=value', 'a parameter of the template; may be given several times'),
      parameter: texts('name=value', 'the same as --param'),
      ...prompt,
      name: text('name', 'name of the task (default: made of the prompt)'),
      displayName: text('title', 'title of the task (default: made of the prompt)'),
      owner: text('user', 'for somebody else: username or id'),
      idempotencyKey: text('key', 'asked for again with this key, the same task is answered: for retries in CI'),
      ...labels,
      ...limits,
      onLimit: choice(['pause', 'delete'], 'what is done to it at its limit (default: pause)'),
      boundaryPolicy: text('file', 'a policy that its boundaries hold to beside those in force: it can only take away'),
      wait: flag('wait until it is done, and say what goes on'),
      until: text('states', 'with --wait: which of idle, done, paused, failed is success (default: done)'),
      quiet,
      onFail: choice(['keep', 'pause', 'delete'], 'with --wait: what is done to it when it does not succeed'),
    },
    examples: [
      'reeve tasks create -t agent-small "Fix the flaky billing test"',
      'reeve tasks create -t agent-small --prompt-file task.md --idempotency-key "$CI_PIPELINE_ID" --wait --timeout 30m',
    ],
    run: async (context, input) => (await import('./commands/task-create.ts')).createTask(context, input),
  }),
  command({
    path: 'tasks list',
    summary: 'The tasks that you may see, the newest first',
    args: { query: optional('owner:, status:, template:, organization:, label:, and words (default: owner:me)') },
    options: {
      user: text('user', 'whose, where no query is given: username or id (default: yourself)'),
      status: text('status', 'pending, initializing, active, paused, error or unknown; several with commas'),
      quiet,
      limit: count('how many to show (default: 50)'),
      all: flag('show all, however many'),
    },
    examples: ['reeve tasks list "owner:me status:active"', 'reeve tasks list label:pipeline=4711 -o json'],
    run: async (context, input) => (await import('./commands/tasks.ts')).listTasks(context, input),
  }),
  command({
    path: 'tasks status',
    summary: 'One task: what it is doing, and with what',
    args: { task },
    options: { watch: flag('look again whenever it changes, until Ctrl-C') },
    run: async (context, input) => (await import('./commands/tasks.ts')).showTask(context, input),
  }),
  command({
    path: 'tasks logs',
    summary: 'What a task was told and what its agent said',
    details:
      'Of a paused task, what was kept when it was paused; stderr says of when that is. Other lanes show what it did between\n' +
      'what it said: tool, the tool calls of its models, and net, what its boundaries decided about connections.',
    args: { task },
    options: {
      follow: lettered('-f', flag('go on with what is said from now on, until Ctrl-C')),
      after: count('only what comes after the message of this number'),
      since: text('time', 'only from then on: 2026-11-17T03:00:00Z, -10m, "last tue 03:00"'),
      lanes: text('lanes', 'which of agent, tool and net to show, with commas (default: agent)'),
      reason: text('text', 'with the lane tool: why you read words of other people; kept, and shown to them'),
    },
    examples: ['reeve tasks logs -f billing-test', 'reeve tasks logs billing-test --since -10m --lanes agent,tool,net'],
    run: async (context, input) => (await import('./commands/task-logs.ts')).showLogs(context, input),
  }),
  command({
    path: 'tasks send',
    summary: 'Say something to the agent of a task',
    details:
      'A paused task has to be resumed for it, which counts 1 Agent Workspace Build: it asks on a terminal, --yes does it\n' +
      'unasked, --no-resume refuses.',
    args: { task, message: optional('what to say; - to read it from stdin') },
    options: { ...prompt, noResume: flag('do not resume a paused task; fail') },
    examples: ['reeve tasks send billing-test "Also add a regression test"'],
    run: async (context, input) => (await import('./commands/task-send.ts')).sendToTask(context, input),
  }),
  command({
    path: 'tasks input',
    summary: 'Replace what a paused task was told to do',
    details: 'It is what the agent is started with when the task is resumed.',
    args: { task, prompt: optional('what to do; - to read it from stdin') },
    options: prompt,
    run: async (context, input) => (await import('./commands/task-send.ts')).replaceInput(context, input),
  }),
  command({
    path: 'tasks edit',
    summary: 'Change the title, the labels and the limits of a task',
    args: { task },
    options: { displayName: text('title', 'title of the task'), ...labels, ...limits },
    run: async (context, input) => (await import('./commands/tasks.ts')).editTask(context, input),
  }),
  command({
    path: 'tasks pause',
    summary: 'Stop the workspace of a task; its disk, and what was said, are kept',
    args: { task },
    options: { detach },
    run: async (context, input) => (await import('./commands/task-turns.ts')).pauseTask(context, input),
  }),
  command({
    path: 'tasks resume',
    summary: 'Start the workspace of a paused task again',
    details: 'Counts 1 Agent Workspace Build.',
    args: { task },
    options: { detach },
    run: async (context, input) => (await import('./commands/task-turns.ts')).resumeTask(context, input),
  }),
  command({
    path: 'tasks wait',
    summary: 'Wait until a task is done, or does not go on by itself',
    details: `${waiting}Ctrl-C stops the waiting and not the task.\n${outcomes}`,
    args: { task },
    options: {
      until: text('states', 'which of idle, done, paused, failed is success (default: done)'),
      onFail: choice(['keep', 'pause', 'delete'], 'what is done to it when it does not succeed (default: keep)'),
    },
    examples: ['reeve tasks wait billing-test --until done,idle --timeout 20m -o json'],
    run: async (context, input) => (await import('./commands/task-wait.ts')).waitForTask(context, input),
  }),
  command({
    path: 'tasks fork',
    summary: 'Make another task like this one, with the same prompt or another',
    details: 'In a workspace of its own. Counts 1 Agent Workspace Build.',
    args: { task, prompt: optional('what to do instead; - to read it from stdin') },
    options: prompt,
    run: async (context, input) => (await import('./commands/task-send.ts')).forkTask(context, input),
  }),
  command({
    path: 'tasks delete',
    summary: 'Delete a task, its workspace and everything in it',
    args: { task },
    run: async (context, input) => (await import('./commands/task-turns.ts')).deleteTask(context, input),
  }),
  command({
    path: 'tasks open',
    summary: 'Show a task in the browser, or open a shell where it works',
    args: { task },
    options: {
      print: flag('only print the address'),
      terminal: flag('a shell in its workspace, in this terminal'),
    },
    run: async (context, input) => (await import('./commands/tasks.ts')).openTask(context, input),
  }),
]
