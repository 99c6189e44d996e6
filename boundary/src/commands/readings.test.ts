import { expect, test } from 'vitest'
import { interpreter, readings } from './readings.ts'

const none = Buffer.alloc(0)
const of = (asked: string, path: string, argv: readonly string[], beginning = none) =>
  readings(asked, { path, argv, cwd: '/w', exes: [] }, beginning).map((one) => [one.path, ...one.argv].join(' '))

test('a program is read by its file and by the name that it was asked by', () => {
  expect(of('git', '/usr/bin/git', ['git', 'push'])).toEqual(['/usr/bin/git git push'])
  expect(of('/usr/local/bin/rm', '/bin/busybox', ['rm', '-rf', '.'])).toEqual([
    '/bin/busybox rm -rf .',
    '/bin/rm rm -rf .',
  ])
})

test('a script is its interpreter as well', () => {
  const script = Buffer.from('#!/usr/bin/env  python3 -u\nprint(1)\n')
  expect(of('./x', '/w/x', ['./x', 'a'], script)).toEqual(['/w/x ./x a', '/usr/bin/env /usr/bin/env python3 -u /w/x a'])
  expect(interpreter(Buffer.from('#! /bin/sh'))).toEqual({ path: '/bin/sh', argv: [] })
  for (const not of ['#!', '#!\n', '\x7fELF', '']) expect(interpreter(Buffer.from(not))).toBeNull()
})

test('a loader that is called as a program is the program that it loads', () => {
  const loader = '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'
  const words = ['ld.so', '--library-path', '/x', '--argv0', 'ls', '/usr/bin/git', 'push', '--force']
  expect(of(loader, loader, words)).toContain('/usr/bin/git /usr/bin/git push --force')
  expect(of('/lib/ld-musl-x86_64.so.1', '/lib/ld-musl-x86_64.so.1', ['x', '/bin/rm'])).toContain('/bin/rm /bin/rm')
  expect(of(loader, loader, ['ld.so', '--help'])).toHaveLength(1)
})

test('loaders that load loaders come to an end', () => {
  const ld = '/lib64/ld-linux-x86-64.so.2'
  expect(of(ld, ld, Array<string>(50).fill(ld)).length).toBeLessThan(6)
})
