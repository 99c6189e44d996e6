import { endpoints } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { testDatabase } from '../db/testing.ts'
import { person, testGateway } from './gateway-testing.ts'
import { bodyOf, record, startFacts, streamOf, testRecord } from './testing.ts'

test('what a policy decided is shown with the request, and at the tool call that the client did not get', async () => {
  await using db = await testDatabase()
  await using gateway = await testGateway(db, 'http://127.0.0.1:9')
  await using kept = await testRecord({ db })
  const dana = await person(db, 'dana')
  const who = { userId: dana.actor.userId, organizationId: dana.actor.organizationIds[0]! }
  const decision = {
    at: new Date('2026-11-20T10:00:00.500Z'),
    subject: 'tool_call',
    name: 'Ba\u0000sh',
    toolCallId: 'toolu_1',
    allowed: false,
    rule: 'tools of acme',
    heldMs: 1.5,
  } as const
  const call = { id: 'toolu_1', name: 'Bash', input: { command: 'npm test' } }
  const id = await record(
    kept.recorder,
    startFacts(who, bodyOf([{ role: 'user', content: 'run the tests' }])),
    streamOf({ text: 'I will', call }),
    { outcome: 'denied', errorType: 'policy_denied', errorMessage: 'Ask Dana.', decisions: [decision] },
  )
  await kept.drain()

  const answer = await gateway.call('getInterception', dana.actor, { params: { id }, query: {} })
  const { interception, events } = endpoints.getInterception.result.parse(answer)
  expect(interception).toMatchObject({ outcome: 'denied', error_type: 'policy_denied', error_message: 'Ask Dana.' })
  expect(interception.decisions).toMatchObject([
    { subject: 'tool_call', tool_call_id: 'toolu_1', allowed: false, rule: 'tools of acme', held_ms: 1.5 },
  ])
  expect(events.filter((event) => event.denied_by !== null)).toMatchObject([
    { kind: 'tool_call', tool_name: 'Bash', denied_by: 'tools of acme' },
  ])

  const found = async (q: string) => {
    const listed = await gateway.call('listSessions', dana.actor, { query: { q } })
    return endpoints.listSessions.result.parse(listed).sessions.map(({ status }) => status)
  }
  expect(await found('status:denied')).toEqual(['denied'])
  expect(await found('status:error')).toEqual([])
  expect(await found('status:done')).toEqual([])
})
