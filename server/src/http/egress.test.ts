import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { addressCheck, checkedLookup, createEgress } from './egress.ts'

test('private, local and reserved addresses are refused in every form, public ones are not', () => {
  const isAllowed = addressCheck([])
  const refused = [
    '127.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    'localhost',
    '',
  ]
  for (const address of refused) expect(isAllowed(address), address).toBe(false)
  for (const address of ['1.1.1.1', '93.184.215.14', '172.32.0.1', '2606:4700::1111']) {
    expect(isAllowed(address), address).toBe(true)
  }
})

test('a network that was allowed is allowed, and nothing beside it', () => {
  const isAllowed = addressCheck([{ address: '10.1.0.0', prefix: 16, family: 'ipv4' }])
  expect(['10.1.255.255', '10.2.0.0', '127.0.0.1'].map(isAllowed)).toEqual([true, false, false])
})

test('addresses are refused however they are written in a URL, before anything is sent', async () => {
  let requests = 0
  const server = createServer((_, res) => {
    requests++
    res.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  await using egress = createEgress({ allowed: [] })
  try {
    for (const host of ['127.0.0.1', '0x7f.1', '2130706433', '[::ffff:7f00:1]', 'localhost', '0']) {
      const sent = egress.send({ url: `http://${host}:${port}/`, method: 'GET', headers: {}, timeoutMs: 5_000 })
      await expect(sent, host).rejects.toMatchObject({ code: 'forbidden' })
    }
    expect(requests).toBe(0)
  } finally {
    server.close()
  }
})

test('a name of which one address is private is refused as a whole', async () => {
  const lookup = checkedLookup((address) => address !== '127.0.0.1')
  const answer = await new Promise((resolve) => lookup('localhost', { family: 4 }, (error) => resolve(error)))
  expect(answer).toMatchObject({ code: 'forbidden' })
})

test('a port that is closed and a host that is not there read the same', async () => {
  await using egress = createEgress({ allowed: [{ address: '127.0.0.1', prefix: 32, family: 'ipv4' }] })
  const sent = egress.send({ url: 'http://127.0.0.1:1/', method: 'GET', headers: {}, timeoutMs: 5_000 })
  await expect(sent).rejects.toMatchObject({ code: 'unavailable', message: '127.0.0.1:1 could not be reached' })
})
