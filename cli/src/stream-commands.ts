import { type Command, command, required, words } from './command.ts'
import { choice, count, flag, texts } from './option.ts'

/** Commands that go into a workspace. */

const workspace = required('name, owner/name or id of the workspace; with .agent where it has more than one')

export const streamCommands: readonly Command[] = [
  command({
    path: 'ssh',
    summary: 'Open a shell in a workspace, or run a command there',
    details:
      'It goes through the control plane and the agent of the workspace: no key, and no server there, is needed. With a\n' +
      'command, input and output are passed as they are and the exit code is that of the command; without, it needs a\n' +
      'terminal. Nothing of this is the SSH protocol: for scp, rsync and editors see port-forward --stdio.',
    args: { workspace, command: words('what to run there, after --; given to the shell of the workspace') },
    options: {
      tty: flag('give the command a terminal'),
      wait: choice(
        ['auto', 'yes', 'no'],
        'for start scripts: as the template says (default), always, or for nothing, an agent that is to come included',
      ),
    },
    examples: ['reeve ssh billing', 'reeve ssh billing -- git status', 'tar c src | reeve ssh billing -- tar x'],
    run: async (context, input) => (await import('./commands/ssh.ts')).ssh(context, input),
  }),
  command({
    path: 'port-forward',
    summary: 'Reach ports of a workspace on this machine',
    details: 'Listens on 127.0.0.1 until it is stopped. With --stdio it is a ProxyCommand of ssh.',
    args: { workspace },
    options: {
      tcp: texts('[local:]port', 'the port of the workspace, and the one here if it is another; may be repeated'),
      stdio: count('instead, one connection to this port over stdin and stdout'),
    },
    examples: [
      'reeve port-forward billing --tcp 3000 --tcp 8080:80',
      "ssh -o ProxyCommand='reeve port-forward billing --stdio 22' dev@billing",
    ],
    run: async (context, input) => (await import('./commands/port-forward.ts')).portForward(context, input),
  }),
]
