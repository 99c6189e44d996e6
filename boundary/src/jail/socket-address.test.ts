import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inetSocketAddress, numberOfAddress, parseSocketAddress, unixSocketAddress } from './socket-address.ts'

test('addresses come back as they went', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV6(), fc.integer({ min: 0, max: 65_535 }), (v4, v6, port) => {
      expect(parseSocketAddress(inetSocketAddress('inet', v4, port))).toEqual({ family: 'inet', address: v4, port })
      // IPv4 in a socket of IPv6 is that IPv4 address, and not one of IPv6 that no rule knows.
      expect(parseSocketAddress(inetSocketAddress('inet6', v4, port))).toEqual({ family: 'inet6', address: v4, port })
      const url = new URL(`http://[${v6}]/`).hostname.slice(1, -1)
      const told = parseSocketAddress(inetSocketAddress('inet6', url, port))
      if (!url.startsWith('::ffff:')) expect(told).toEqual({ family: 'inet6', address: url, port })
    }),
  )
})

test('local sockets are told by path or as abstract, and long paths are none', () => {
  const path = unixSocketAddress('/w/a.sock')
  expect(path === null ? null : parseSocketAddress(path)).toEqual({ family: 'unix', path: '/w/a.sock', abstract: null })
  const abstract = Buffer.from([1, 0, 0, 97, 98])
  expect(parseSocketAddress(abstract)).toEqual({ family: 'unix', path: null, abstract })
  expect(unixSocketAddress(`/${'x'.repeat(108)}`)).toBeNull()
})

test('whatever a process calls an address is read without a fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => {
      expect(parseSocketAddress(Buffer.from(bytes)).family).toMatch(/^(inet6?|unix|other)$/)
    }),
  )
  for (const cut of [Buffer.alloc(0), Buffer.from([2, 0]), Buffer.from([10, 0, 1, 1]), Buffer.from([1, 0])]) {
    expect(parseSocketAddress(cut)).toEqual({ family: 'other' })
  }
})

test('a connection is known by the address that it comes from, in either family', () => {
  expect(numberOfAddress('127.64.0.1')).toBe(0x7f400001)
  expect(numberOfAddress('::ffff:127.127.255.254')).toBe(0x7f7ffffe)
})
