import { eachEndpoint as endpoints, type Task } from '@reeve/sdk'
import { client } from '../api/client.ts'
import { taskParams } from '../api/tasks.ts'

/** What can be done to a task where it is; the server has the last word. */

export const isPausable = ({ status }: Task): boolean => status === 'active' || status === 'initializing'

export const isStopped = ({ status, workspace_status: workspace }: Task): boolean =>
  status === 'paused' || workspace === 'stopped' || workspace === 'failed' || workspace === 'canceled'

export const pause = ({ id }: Task) => client.call(endpoints.pauseTask, { params: taskParams(id) })
export const resume = ({ id }: Task) => client.call(endpoints.resumeTask, { params: taskParams(id) })
export const remove = ({ id }: Task) => client.call(endpoints.deleteTask, { params: taskParams(id) })
