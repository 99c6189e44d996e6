import { reasonWords } from '../workspaces/words.ts'

const reasons: ReadonlyMap<string, string> = new Map([
  ['task_manual_pause', 'by hand'],
  ['task_auto_pause', 'because it did nothing'],
  ['autostop', 'by the schedule of its workspace'],
  ['limit_tokens', 'its tokens are used up'],
  ['limit_time', 'its time is used up'],
])

/** Why a task is paused: in the words of tasks, or in those of builds. */
export const pausedWords = (reason: string): string => reasons.get(reason) ?? reasonWords({ reason })
