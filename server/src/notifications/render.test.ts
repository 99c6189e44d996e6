import { uuidv7 } from '@reeve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { definitionOf, eventNames } from '../outbox/events.ts'
import { renderEvent, renderMail } from './expand.ts'
import { composeMail, isMailAddress } from './mail.ts'
import { html, markdown, oneLine, plainText } from './render.ts'
import { webhookBody } from './webhook.ts'

const place = { url: 'https://reeve.example.com', at: new Date('2026-06-01T12:00:00Z') }
const from = { name: 'Reeve', address: 'reeve@example.com' }

const hostile = [
  'x\r\nBcc: victim@example.com',
  'x\nContent-Type: text/html\n\n<script>alert(1)</script>',
  '"><img src=https://evil.example/x.png>',
  '<script>alert(1)</script>',
  '[click](https://evil.example)',
  '![x](https://evil.example/x.png)',
  'https://evil.example/login',
  '\u202Egnp.exe',
  '\u2028Bcc: a@b.example',
  '=?utf-8?Q?=0D=0ABcc:_a@b.example?=',
  '`code` *bold* _it_ # h1 | a | b |',
  '&lt;b&gt;',
  '\u0000\u001B[31m',
  'a'.repeat(10_000),
]

const factsOf = (event: (typeof eventNames)[number], value: string) =>
  Object.fromEntries(definitionOf(event).facts.map((name) => [name, value]))

test.each(eventNames)('%s: no fact becomes a header, markup or a link', async (event) => {
  for (const value of hostile) {
    const rendered = renderEvent(event, factsOf(event, value), place)
    const mail = (
      await composeMail({
        id: uuidv7(place.at),
        event,
        from,
        to: 'max@example.com',
        rendered,
        at: place.at,
        url: place.url,
      })
    ).toString()
    const { headers, boundary } = headersOf(mail)
    expect(headers.map(([name]) => name)).toEqual([
      'auto-submitted',
      'x-auto-response-suppress',
      'x-reeve-event',
      'from',
      'to',
      'subject',
      'message-id',
      'date',
      'mime-version',
      'content-type',
    ])
    expect(mail.split(`--${boundary}`)).toHaveLength(4)
    const page = html(rendered, 'footer')
    expect([...page.matchAll(/<(\/?[a-z!][a-z0-9]*)/gi)].map(([, tag]) => tag)).toEqual(tagsOf(rendered))
    expect(page.match(/href="[^"]*"/g) ?? []).toEqual(
      rendered.action === null ? [] : [`href="${place.url}${rendered.action.url.slice(place.url.length)}"`],
    )
    expect(plainText({ ...rendered, action: null })).not.toContain('://')
    expect(plainText(rendered)).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202A-\u202E\u2028]/)
  }
})

const tagsOf = ({ paragraphs, action }: { paragraphs: readonly unknown[]; action: unknown }): string[] =>
  [
    '!doctype html head meta title /title /head body h1 /h1',
    ...paragraphs.map(() => 'p /p'),
    ...(action === null ? [] : ['p a /a /p']),
    'hr p /p /body /html',
  ].flatMap((tags) => tags.split(' '))

function headersOf(mail: string): { headers: [string, string][]; boundary: string } {
  const head = mail.slice(0, mail.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ')
  const headers = head.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? ''
  return { headers, boundary: /boundary="([^"]+)"/.exec(type)?.[1] ?? 'none' }
}

test('whatever a fact is, it is one line of bounded length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 1_000 }), (text) => {
      const line = oneLine(text)
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      expect(line.length).toBeLessThanOrEqual(201)
      expect(line.isWellFormed()).toBe(true)
    }),
  )
})

test('Markdown for chat programs has no markup but ours', () => {
  const rendered = renderEvent('user-created', factsOf('user-created', '[a](https://evil.example) <b> *x* `y`'), place)
  const text = markdown(rendered)
  expect(text.match(/(?<!\\)\[[^\]]*\]\(/g)).toEqual(['[People]('])
  expect(text).not.toMatch(/https?:\/\/evil/)
  expect(text).not.toMatch(/(?<!\\)[*`_]/)
})

test('a link in a mail is one of the deployment, or there is none', () => {
  const link = (url: string) => renderMail('password-reset', { username: 'max' }, { link: url }, place).action
  expect(link('https://reeve.example.com/reset-password#email=a&code=b')).not.toBe(null)
  for (const url of [
    'https://evil.example/',
    'https://reeve.example.com.evil.example/',
    'https://reeve.example.com@evil.example/',
    'https://max@reeve.example.com/',
    'javascript:alert(1)',
    '//evil.example',
    '/reset',
    'https://reeve.example.com/"onclick="x',
    '',
  ]) {
    expect(link(url), url).toBe(null)
  }
})

test('only what is one mailbox is an address', () => {
  for (const good of ['max@example.com', 'max+tag@sub.example.com', 'müller@example.com']) {
    expect(isMailAddress(good), good).toBe(true)
  }
  for (const bad of [
    '',
    'max',
    'max@',
    'a@b@c',
    'max@example.com\r\nRCPT TO:<b@c.d>',
    'max@example.com, b@c.d',
    '<max@example.com>',
    'Max <max@example.com>',
    'max@example.com ',
    '"a b"@example.com',
    `${'a'.repeat(65)}@example.com`,
  ]) {
    expect(isMailAddress(bad), bad).toBe(false)
  }
})

test('the body of a webhook has its documented fields', () => {
  const id = uuidv7(place.at)
  const user = { id, email: 'max@example.com', name: 'Max', username: 'max' }
  const facts = { by: 'dana' }
  const rendered = renderEvent('account-activated', facts, place)
  expect(webhookBody({ id, event: 'account-activated', user, facts, rendered })).toEqual({
    _version: '1.1',
    msg_id: id,
    payload: {
      _version: '1.2',
      notification_name: 'Your account was activated',
      notification_template_id: 'account-activated',
      user_id: id,
      user_email: 'max@example.com',
      user_name: 'Max',
      user_username: 'max',
      actions: [{ label: 'Sign in', url: 'https://reeve.example.com/' }],
      labels: { by: 'dana' },
      data: null,
      targets: [],
    },
    title: 'Your account was activated',
    title_markdown: 'Your account was activated',
    body: expect.stringContaining('“dana” activated your account'),
    body_markdown: expect.stringContaining('[Sign in](<https://reeve.example.com/>)'),
  })
})
