import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { decode, encode, type RecordType, streamDecode, streamEncode } from 'dns-packet'
import { expect, test } from 'vitest'
import { compilePolicy, namesHost, parsePolicy } from '@reeve/policy'
import { p0, startWorld, type World } from '../proxy/testing.ts'
import { createNameGate } from './name-limits.ts'
import { createNames } from './names.ts'

const question = (name: string, type: RecordType = 'A', id = 7) =>
  encode({ type: 'query', id, flags: 0x100, questions: [{ name, type, class: 'IN' }] })

function lookUp(world: World, name: string, type: RecordType = 'A') {
  const packet = decode(world.resolver(question(name, type))!)
  const data = (packet.answers ?? []).map((answer) => ('data' in answer ? String(answer.data) : ''))
  return { rcode: (packet.flags ?? 0) & 0xf, id: packet.id, data, name: packet.questions?.[0]?.name }
}

test('D01 a name that nothing allows is answered here with the address of the page, and on record', async () => {
  await using world = startWorld()
  expect(lookUp(world, 'evil.test')).toMatchObject({ rcode: 0, id: 7, data: [world.names.denied.four] })
  expect(lookUp(world, 'evil.test', 'AAAA').data).toEqual([world.names.denied.six])
  expect(world.facts[0]).toMatchObject({ kind: 'dns', decision: 'deny', dns: { name: 'evil.test', type: 'A' } })
  expect(world.asked).toEqual([])
})

test('D02 a thousand names that carry something carry it nowhere', async () => {
  await using world = startWorld()
  for (let at = 0; at < 1000; at += 1) lookUp(world, `${randomBytes(20).toString('hex')}.evil.test`)
  expect(world.asked).toEqual([])
  expect(new Set(world.facts.map(({ decision }) => decision))).toEqual(new Set(['deny']))
  expect(world.names.nameOf('198.18.1.0')).toBeNull()
})

test('D03 a name that a rule is about has an address of its own for the session; the world is asked at the dialling', async () => {
  await using world = startWorld()
  const [four] = lookUp(world, 'api.test').data
  expect(four).toMatch(/^198\.(18|19)\./)
  expect(lookUp(world, 'API.test.').data).toEqual([four])
  const [six] = lookUp(world, 'api.test', 'AAAA').data
  expect(six).toMatch(/^fd5a:/)
  expect([four, six].map((address) => world.names.nameOf(address!))).toEqual(['api.test', 'api.test'])
  expect(world.names.nameOf(`::ffff:${four}`)).toBe('api.test')
  expect(lookUp(world, 'git.test').data).not.toEqual([four])
  expect(world.asked).toEqual([])
})

test('other types are empty, so that no key for an encrypted hello is ever handed out', async () => {
  await using world = startWorld()
  for (const type of ['TXT', 'MX', 'SRV', 'CNAME', 'ANY', 'HTTPS'] as RecordType[]) {
    expect([type, lookUp(world, 'api.test', type)]).toMatchObject([type, { rcode: 0, data: [] }])
  }
  expect(lookUp(world, '1.0.18.198.in-addr.arpa', 'PTR').rcode).toBe(3)
  expect(lookUp(world, 'localhost').data).toEqual(['127.0.0.1'])
})

test('D04 questions to any name server over a connection are answered here', async () => {
  await using world = startWorld()
  const socket = await world.open('8.8.8.8', 53)
  const questions = [question('api.test', 'A', 1), question('evil.test', 'A', 2)].map((bytes) => decode(bytes))
  const bytes = Buffer.concat(questions.map((packet) => streamEncode(packet)))
  socket.write(bytes.subarray(0, 9))
  socket.write(bytes.subarray(9))
  let received: Buffer = Buffer.alloc(0)
  socket.on('data', (piece: Buffer) => (received = Buffer.concat([received, piece])))
  await expect.poll(() => (received.length > 2 ? received.length - 2 - received.readUInt16BE() : -1)).toBeGreaterThan(0)
  const first = 2 + received.readUInt16BE()
  const both = [received.subarray(0, first), received.subarray(first)]
  expect(both.map((part) => streamDecode(part).id)).toEqual([1, 2])
  socket.end()
  await once(socket, 'close')
  expect(world.dialled).toEqual([])
})

test('what is no question gets no answer, or one that says so', async () => {
  await using world = startWorld()
  expect(world.resolver(Buffer.alloc(0))).toBeNull()
  expect(world.resolver(randomBytes(9))).toBeNull()
  const two = [
    { name: 'api.test', type: 'A' as const },
    { name: 'git.test', type: 'A' as const },
  ]
  expect((decode(world.resolver(encode({ type: 'query', id: 1, questions: two }))!).flags ?? 0) & 0xf).toBe(1)
  for (let at = 0; at < 500; at += 1)
    world.resolver(Buffer.concat([question('api.test').subarray(0, 12), randomBytes(at % 40)]))
  expect(world.asked).toEqual([])
})

test('D06 under a wildcard only names that look like names are looked up, and only so many', () => {
  const gate = createNameGate(() => false, { namesPerParent: 3, labelsMax: 6, lengthMax: 80 })
  expect(gate(`${randomBytes(30).toString('hex')}.pkg.test`)).toBe(false)
  expect(gate('a.b.c.d.e.f.pkg.test')).toBe(false)
  expect(gate(`${'long-'.repeat(20)}.pkg.test`)).toBe(false)
  expect(['one', 'two', 'three', 'four', 'one'].map((label) => gate(`${label}.pkg.test`))).toEqual([
    true,
    true,
    true,
    false,
    true,
  ])
  expect(gate('other.test')).toBe(true)
})

test('D06 a name that a rule spells out has no limits beside its neighbours', () => {
  const spelled = `${randomBytes(30).toString('hex')}.pkg.test`
  const many = 'a.b.c.d.e.f.g.h.i.j.k.pkg.test'
  const network = { rules: [{ id: 'own', host: ['*.pkg.test', spelled, many] }] }
  const read = parsePolicy(JSON.stringify({ apiVersion: 'reeve/v1', name: 'p', network }))
  const policy = compilePolicy([{ label: 'p@v1', document: read.policy! }])
  const gate = createNameGate((name) => namesHost(policy, name))
  expect([spelled, many].map(gate)).toEqual([true, true])
  expect([`${randomBytes(30).toString('hex')}.pkg.test`, many.replace('k.', 'l.')].map(gate)).toEqual([false, false])
})

test('the table of names has an end, and those that have an address keep it', () => {
  const names = createNames({ namesMax: 2 })
  const first = names.addressesOf('a.test')
  expect(names.addressesOf('b.test')).not.toBeNull()
  expect(names.addressesOf('c.test')).toBeNull()
  expect(names.addressesOf('a.test')).toEqual(first)
  expect(names.nameOf('not an address')).toBeNull()
})

test('denied names do not exist where the setting says so', async () => {
  await using world = startWorld({ policy: p0, deniedNames: 'nxdomain' })
  expect(lookUp(world, 'evil.test')).toMatchObject({ rcode: 3, data: [] })
})
