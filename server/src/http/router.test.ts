import { endpoints } from '@reeve/sdk'
import { expect, test } from 'vitest'
import type { Route } from './implement.ts'
import { createRouter } from './router.ts'

const routes: Route[] = Object.values(endpoints).map((endpoint) => ({
  endpoint,
  answer: () => Promise.reject(new Error('unused')),
}))

test('every path of every endpoint leads to it, whatever order the routes come in', () => {
  for (const order of [routes, routes.toReversed(), routes.toSorted(() => Math.random() - 0.5)]) {
    const router = createRouter(order)
    for (const endpoint of Object.values(endpoints)) {
      for (const path of [endpoint.path, ...endpoint.aliases]) {
        const found = router.find(endpoint.method, path.replaceAll(/:[a-z]+/g, 'some-thing'))
        expect(found !== null && 'route' in found && found.route.endpoint.name).toBe(endpoint.name)
      }
    }
  }
})

test('parameters are decoded once, and a segment that cannot be is no path', () => {
  const router = createRouter(routes)
  expect(router.find('GET', '/api/v2/users/a%20b')).toMatchObject({ params: { user: 'a b' } })
  expect(router.find('GET', '/api/v2/users/a%2520b')).toMatchObject({ params: { user: 'a%20b' } })
  expect(router.find('GET', '/api/v2/users/%')).toBe(null)
})
