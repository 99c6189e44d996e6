import { expect, test } from 'vitest'
import { type AppReport, nextState, type TaskEvent, type TaskState } from './task-state.ts'

const seen = (running: boolean, message = ''): TaskEvent => ({ kind: 'seen', running, message })
const reported = (state: AppReport['state'], message: string): TaskEvent => ({
  kind: 'reported',
  report: { state, message, uri: '' },
})

function told(...events: TaskEvent[]): string[] {
  let state: TaskState = { running: false, said: null }
  return events.flatMap((event) => {
    const next = nextState(state, event)
    state = next.state
    return next.tell === null ? [] : [`${next.tell.state}: ${next.tell.message}`]
  })
}

test('a task works while its agent runs, and is idle with its last words when it rests', () => {
  expect(told(seen(true), seen(true), seen(false, 'Done.'), seen(true), seen(false, 'Again.'))).toEqual([
    'working: ',
    'idle: Done.',
    'working: ',
    'idle: Again.',
  ])
})

test('an agent that calls itself idle before it rests is idle when it does', () => {
  expect(told(seen(true), reported('idle', 'All tests pass'), seen(false, 'I am done.'))).toEqual([
    'working: ',
    'working: All tests pass',
    'idle: All tests pass',
  ])
})

test('what an agent says of its end stays until it begins again', () => {
  expect(told(seen(true), reported('failure', 'No network'), seen(false, 'Sorry.'), seen(true))).toEqual([
    'working: ',
    'failure: No network',
    'working: ',
  ])
})

test('an agent that never ran is idle', () => {
  expect(told(seen(false), seen(false))).toEqual(['idle: '])
})
