import { expect, test } from 'vitest'
import { nextHealth } from './app-health.ts'

test('an app is unhealthy after as many failures in a row as its template says, and healthy with the first answer', () => {
  const seen: string[] = []
  let state: ReturnType<typeof nextHealth> = { health: 'initializing', failures: 0 }
  for (const answered of [false, true, false, true, false, false, false, true]) {
    state = nextHealth(state, answered, 2)
    seen.push(state.health)
  }
  expect(seen).toEqual([
    'initializing',
    'healthy',
    'healthy',
    'healthy',
    'healthy',
    'unhealthy',
    'unhealthy',
    'healthy',
  ])
})
