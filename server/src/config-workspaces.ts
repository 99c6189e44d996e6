import { option } from './config-option.ts'
import * as types from './config-types.ts'
import type { Times } from './workspaces/deadlines.ts'
import { readSchedule, type Schedule } from './workspaces/schedule.ts'

const minute = 60_000

const schedule: types.ValueType<Schedule> = {
  label: 'cron with a time zone',
  read(given) {
    const read = readSchedule(given)
    return 'problem' in read ? read : { value: read.schedule }
  },
}

/** When workspaces stop, where neither they nor their templates say it. */
export const workspaceOptions = {
  taskIdlePause: option('Templates', '30m', {
    env: 'REEVE_TASK_IDLE_PAUSE',
    yaml: 'tasks.idle_pause',
    type: types.duration(minute, 365 * 24 * 60 * minute, { zero: true }),
    description:
      'After so long idle a task is paused whose template says nothing of it; 0: never. It goes on where it was when ' +
      'somebody resumes it.',
  }),
  quietHours: option('Templates', 'CRON_TZ=UTC 0 0 * * *', {
    env: 'REEVE_QUIET_HOURS_DEFAULT_SCHEDULE',
    yaml: 'templates.quiet_hours',
    type: schedule,
    description: 'The hour in which workspaces are stopped whose templates want that on certain days.',
    aliases: ['CODER_QUIET_HOURS_DEFAULT_SCHEDULE'],
  }),
} as const

export const workspaceTimes = (values: { readonly taskIdlePause: number; readonly quietHours: Schedule }): Times => ({
  taskIdleMs: values.taskIdlePause,
  quietHours: values.quietHours,
})
