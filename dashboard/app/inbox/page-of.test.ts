import { expect, test } from 'vitest'
import { pageOf } from './page-of.ts'

test('a notification leads to a page of this console, whatever host its address names', () => {
  expect(pageOf('https://reeve.example.com/people')).toEqual({ to: '/people', search: {} })
  expect(pageOf('https://elsewhere.example/audit?q=action%3Alogin')).toEqual({
    to: '/audit',
    search: { q: 'action:login' },
  })
  expect(pageOf('//elsewhere.example/me')).toEqual({ to: '/me', search: {} })
  expect(pageOf('https://reeve.example.com//elsewhere.example/x')).toEqual({ to: '/elsewhere.example/x', search: {} })
})

test('what is no web address leads nowhere', () => {
  expect(pageOf('javascript:alert(1)')).toBeNull()
  expect(pageOf('data:text/html,x')).toBeNull()
  expect(pageOf('http://')).toBeNull()
})
