import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { networkOf } from './rate-limit.ts'
import { sourceAddress } from './source-address.ts'

function request(peer: string | undefined, forwarded?: string): IncomingMessage {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer })
  const req = new IncomingMessage(socket)
  if (forwarded !== undefined) req.headers['x-forwarded-for'] = forwarded
  return req
}

const behind = sourceAddress([
  { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
  { address: 'fd00::', prefix: 8, family: 'ipv6' },
])

test('what a client writes about itself is not believed', () => {
  expect(sourceAddress([])(request('203.0.113.1', '1.2.3.4'))).toBe('203.0.113.1')
  expect(behind(request('203.0.113.1', '1.2.3.4'))).toBe('203.0.113.1')
})

test('a trusted proxy is believed about who called it, and only about that', () => {
  expect(behind(request('10.0.0.1', '203.0.113.7'))).toBe('203.0.113.7')
  expect(behind(request('::ffff:10.0.0.1', '203.0.113.7'))).toBe('203.0.113.7')
  expect(behind(request('fd00::1', '2001:db8::7'))).toBe('2001:db8::7')
  expect(behind(request('10.0.0.1', '1.1.1.1, 203.0.113.7, 10.0.0.2'))).toBe('203.0.113.7')
  expect(behind(request('10.0.0.1', 'garbage'))).toBe('10.0.0.1')
  expect(behind(request('10.0.0.1', '1.1.1.1, <script>, 10.0.0.2'))).toBe('10.0.0.2')
})

test('there is no address over a unix socket', () => {
  expect(behind(request(undefined, '1.1.1.1'))).toBe(null)
})

test('addresses of one IPv6 network count as one', () => {
  expect(networkOf('2001:db8:1:2::1')).toBe(networkOf('2001:db8:1:2:ffff::9'))
  expect(networkOf('2001:db8:1:2::1')).not.toBe(networkOf('2001:db8:1:3::1'))
  expect(networkOf('::1')).toBe('0:0:0:0')
  expect(networkOf('192.0.2.1')).toBe('192.0.2.1')
})
