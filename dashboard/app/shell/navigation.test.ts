import { expect, test } from 'vitest'
import { mayFrom } from '../api/may.ts'
import { places, placesFor } from './navigation.ts'

const rail = (answers: Record<string, boolean>) => placesFor(mayFrom(answers)).map(({ to }) => to)

test('every page has an address and a letter of its own', () => {
  expect(new Set(places.map(({ to }) => to)).size).toBe(places.length)
  expect(new Set(places.map(({ letter }) => letter)).size).toBe(places.length)
})

test('nobody is without the pages of everybody, and no answer opens no other page', () => {
  expect(rail({})).toEqual([
    '/sessions',
    '/requests',
    '/usage',
    '/network',
    '/access-requests',
    '/inbox',
    '/tokens',
    '/me',
  ])
})

test('who administers one organization sees its pages, and none that are about everything', () => {
  const granted = ['group:read', 'organization_member:read', 'audit_log:read', 'idp_settings:read']
  const answers = Object.fromEntries(granted.map((each) => [`${each} somewhere`, true]))
  expect(rail(answers).slice(8)).toEqual(['/groups', '/organizations', '/audit'])
})

test('what is asked for everything is not answered by a part of it', () => {
  const may = mayFrom({ 'audit_log:read somewhere': true, 'audit_log:read everywhere': false })
  expect([may('audit_log:read'), may('audit_log:read', 'everywhere'), may('user:read')]).toEqual([true, false, false])
})
