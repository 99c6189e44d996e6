import { expect, test } from 'vitest'
import { addressBytes, addressText } from './address-bytes.ts'
import { classesOf } from './address-class.ts'

const own = new Set(['203.0.113.5', '2001:db8::5'])

test.each([
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['0.0.0.0', 'loopback'],
  ['::1', 'loopback'],
  ['::', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::127.0.0.1', 'loopback'],
  ['::ffff:0:127.0.0.1', 'loopback'],
  ['64:ff9b::7f00:1', 'loopback'],
  ['2002:7f00:1::', 'loopback'],
  ['169.254.7.7', 'link_local'],
  ['fe80::1', 'link_local'],
  ['fe80::1%eth0', 'link_local'],
  ['169.254.169.254', 'metadata'],
  ['::ffff:a9fe:a9fe', 'metadata'],
  ['64:ff9b::169.254.169.254', 'metadata'],
  ['2002:a9fe:a9fe::1', 'metadata'],
  ['fe80::5efe:a9fe:a9fe', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['224.0.0.251', 'multicast'],
  ['255.255.255.255', 'multicast'],
  ['ff02::fb', 'multicast'],
  ['10.0.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['fd12::1', 'private'],
  ['198.18.0.1', 'reserved'],
  ['240.0.0.1', 'reserved'],
  ['2001:db8::1', 'reserved'],
  ['203.0.113.5', 'self'],
  ['::ffff:203.0.113.5', 'self'],
  ['2001:db8:0:0::5', 'self'],
  ['not an address', 'reserved'],
])('%s is %s', (address, name) => {
  expect(classesOf(address, own)).toContain(name)
})

test.each(['93.184.216.34', '8.8.8.8', '172.32.0.1', '2606:2800:220:1::1', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
  '%s is nothing of the kind',
  (address) => expect(classesOf(address, own)).toEqual([]),
)

test('addresses and their bytes are the same thing', () => {
  for (const address of ['1.2.3.4', '::', '::1', 'fe80::1', '2606:2800:220:1:248:1893:25c8:1946', '1::']) {
    expect(addressText(addressBytes(address))).toBe(address)
  }
  expect(addressBytes('::ffff:1.2.3.4').subarray(10)).toEqual(Buffer.from([255, 255, 1, 2, 3, 4]))
})
