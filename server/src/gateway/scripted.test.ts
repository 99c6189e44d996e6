import { expect, test } from 'vitest'
import { testDatabase } from '../db/testing.ts'
import { person, testGateway } from './gateway-testing.ts'

test('the script is offered in the words of every maker', async () => {
  await using db = await testDatabase()
  const dana = await person(db, 'dana')
  await using open = await testGateway(db, 'http://127.0.0.1:9', { scripted: true })
  const said = { messages: [{ role: 'user', content: 'hello' }] }
  for (const [path, body] of [
    ['/scripted/v1/messages', said],
    ['/scripted-openai/v1/responses', { input: 'hello' }],
    ['/scripted-openai/chat/completions', said],
    ['/scripted-gemini/v1beta/models/scripted-1:generateContent', { contents: [{ parts: [{ text: 'hello' }] }] }],
  ] as const) {
    const response = await fetch(open.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${dana.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'scripted-1', max_tokens: 100, ...body }),
    })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('no model was asked')
  }
})
