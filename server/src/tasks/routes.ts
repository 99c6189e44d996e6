import { endpoints } from '@reeve/sdk'
import { implement, implementEvents, implementOnce, type Route, signedIn } from '../http/implement.ts'
import { logsOf, takeGivenSnapshot } from './conversation.ts'
import { createTask } from './create-task.ts'
import { followTask } from './follow.ts'
import { forkTask } from './fork.ts'
import type { TaskRoom } from './task-room.ts'
import { changeTask, getTask, listTasks } from './tasks.ts'
import { deleteTask, pauseTask, resumeTask, sendToTask, setTaskInput } from './turns.ts'
import { waitForTask } from './wait.ts'

export const taskRoutes = (room: TaskRoom): Route[] => [
  implement(endpoints.listTasks, ({ query }, scope) => listTasks(room, signedIn(scope), query)),
  implementOnce(endpoints.createTask, ({ params, body }, scope) => createTask(room, scope, params.user, body)),
  implement(endpoints.getTask, ({ params }, scope) => getTask(room, signedIn(scope), params)),
  implement(endpoints.updateTask, ({ params, body }, scope) => changeTask(room, scope, params, body)),
  implement(endpoints.deleteTask, ({ params }, scope) => deleteTask(room, scope, params)),
  implement(endpoints.setTaskInput, ({ params, body }, scope) => setTaskInput(room, scope, params, body)),
  implement(endpoints.sendToTask, ({ params, body }, scope) => sendToTask(room, scope, params, body)),
  implement(endpoints.listTaskLogs, ({ params, query }, scope) => logsOf(room, scope, params, query)),
  implementEvents(endpoints.followTaskLogs, ({ params, query }, scope) => followTask(room, scope, params, query)),
  implement(endpoints.pauseTask, ({ params }, scope) => pauseTask(room, scope, params)),
  implement(endpoints.resumeTask, ({ params }, scope) => resumeTask(room, scope, params)),
  implement(endpoints.waitForTask, ({ params, query }, scope) => waitForTask(room, scope, params, query)),
  implementOnce(endpoints.forkTask, ({ params, body }, scope) => forkTask(room, scope, params, body)),
  implement(endpoints.putTaskLogSnapshot, ({ params, body }, scope) =>
    takeGivenSnapshot(room, scope, params.task, body),
  ),
]
