import { eachEndpoint as endpoints, type TaskDetails } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Fault } from '@reeve/base'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { me } from '../api/queries.ts'
import { taskParams } from '../api/tasks.ts'
import { pause, remove, resume } from './verbs.ts'

/** What can be done to a task. The server decides; these are what it is asked. */

/** For one's own task less is needed than for somebody else's. */
export function useMayDo({ owner_id: owner }: TaskDetails) {
  const may = useMay()
  const { data: viewer } = useQuery(me)
  const place = viewer?.id === owner ? 'mine' : 'somewhere'
  return {
    change: may('task:update', place),
    fork: may('task:create', 'mine'),
    delete: may('task:delete', place),
  }
}

function useChanged() {
  const queries = useQueryClient()
  return async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['tasks'] }),
      queries.invalidateQueries({ queryKey: ['workspaces'] }),
    ])
  }
}

export function usePause(task: TaskDetails) {
  const onSettled = useChanged()
  return useMutation({
    mutationFn: () => pause(task),
    onSettled,
  })
}

export function useResume(task: TaskDetails) {
  const onSettled = useChanged()
  return useMutation({
    mutationFn: () => resume(task),
    onSettled,
  })
}

const looksMax = 40

/** A paused task is resumed for it, and told when its agent waits for it. */
export function useSend({ id, status }: TaskDetails) {
  const onSettled = useChanged()
  const params = taskParams(id)
  return useMutation({
    mutationFn: async (input: string) => {
      if (status === 'paused') {
        await client.call(endpoints.resumeTask, { params })
        await onSettled()
        await untilItWaits(id)
      }
      await client.call(endpoints.sendToTask, { params, body: { input } })
    },
    onSettled,
  })
}

async function untilItWaits(id: string): Promise<void> {
  for (let look = 0; look < looksMax; look++) {
    const query = { until: 'idle,done,failed,deleted', timeout: 30 }
    const { reached, task } = await client.call(endpoints.waitForTask, { params: taskParams(id), query })
    if (reached === 'idle' || reached === 'done') return
    if (reached !== null) throw new Fault('conflict', task.error === '' ? `the task is ${reached}` : task.error)
  }
  throw new Fault('timeout', 'its agent did not come to wait for a message')
}

export function useFork({ id }: TaskDetails) {
  const changed = useChanged()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: (input: string) =>
      client.call(endpoints.forkTask, { params: taskParams(id), body: input === '' ? {} : { input } }),
    onSuccess: async (made) => {
      await changed()
      await navigate({ to: '/tasks/$task', params: { task: made.id } })
    },
  })
}

export function useDelete(task: TaskDetails) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: () => remove(task),
    onSuccess: async () => {
      await navigate({ to: '/tasks' })
      await queries.invalidateQueries({ queryKey: ['tasks'] })
    },
  })
}
