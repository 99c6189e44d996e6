import { eachEndpoint as endpoints, type Task, taskPhase } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'
import { listQuery } from './lists.ts'

/** Tasks. Every name begins with `tasks`: what is done to one makes all of it stale. */

/** Whether it goes on by itself, so that it will soon be another. */
export const isMoving = (task: Task): boolean => {
  const phase = taskPhase(task)
  return phase === 'queued' || phase === 'starting' || phase === 'working' || phase === 'unknown'
}

const lookAgainMs = 2_000
/** What other people do is seen as well, a little later. */
const glanceMs = 15_000

export const tasks = (q: string) =>
  listQuery('tasks', { q }, async (asking, after, signal) => {
    const query = { ...asking, ...(after === null ? {} : { after_id: after }) }
    const { tasks: rows, count } = await client.call(endpoints.listTasks, { query, signal })
    return { rows, count, exactly: true }
  })

/** An id says which task it is, whoever it belongs to. */
export const taskParams = (id: string) => ({ user: 'me', task: id })

export const task = (id: string) =>
  queryOptions({
    queryKey: ['tasks', 'one', id],
    queryFn: ({ signal }) => client.call(endpoints.getTask, { params: taskParams(id), signal }),
    refetchInterval: ({ state: { data, error } }) => {
      if (error !== null) return false
      return data !== undefined && isMoving(data) ? lookAgainMs : glanceMs
    },
  })

/** What has been said so far, read once: the stream goes on with it, so nothing that is done to the task makes it stale. */
export const taskLog = (id: string) =>
  queryOptions({
    queryKey: ['task log', id],
    queryFn: ({ signal }) => client.call(endpoints.listTaskLogs, { params: taskParams(id), query: {}, signal }),
    retry: false,
  })

export const followTaskLog = (id: string, after: number | null, signal: AbortSignal) =>
  client.events(endpoints.followTaskLogs, {
    params: taskParams(id),
    query: after === null ? {} : { after },
    signal,
  })

export const taskLogFile = (id: string): string => `/api/v2/tasks/me/${id}/logs`
