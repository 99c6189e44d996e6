import type { WorkspaceBuild, WorkspaceTransition } from '@reeve/sdk'

/** What a build does, as the list of builds says it. */
export const transitionWords: Readonly<Record<WorkspaceTransition, string>> = {
  start: 'Start',
  stop: 'Stop',
  delete: 'Delete',
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['initiator', 'through the API'],
  ['dashboard', 'from the console'],
  ['cli', 'from the command line'],
  ['ssh_connection', 'for a connection over SSH'],
  ['vscode_connection', 'for a connection of VS Code'],
  ['jetbrains_connection', 'for a connection of a JetBrains editor'],
  ['autostart', 'by its schedule'],
  ['autostop', 'because nobody used it'],
  ['dormancy', 'because it is dormant'],
  ['autodelete', 'because it was dormant for long'],
  ['task_manual_pause', 'to pause its task'],
  ['task_auto_pause', 'because its task did nothing'],
  ['task_resume', 'to resume its task'],
])

/** How a build came about; a reason that this console does not know is said as it is. */
export const reasonWords = ({ reason }: Pick<WorkspaceBuild, 'reason'>): string =>
  reasons.get(reason) ?? reason.replaceAll('_', ' ')
