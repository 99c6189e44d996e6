import { createMasker, maskAnswer } from '@reeve/bridge'
import { digestBody } from '../bridge/src/digest.ts'
import { findSecrets, maskBody } from '../bridge/src/masking/masked-body.ts'
import { noSecrets } from '../bridge/src/masking/secrets.ts'

/**
 * What masking costs by itself: `node bench/masking.ts`. On the path before the first byte, the search of what a turn
 * brings to a long conversation; beside the path of the answer, the search of a stream, which happens when its chunk is
 * written. Medians of many runs, in microseconds.
 */
const masker = createMasker(Buffer.alloc(32, 1))
const prose =
  'Read src/billing/rates.ts and the task-list at https://example.com/a/b?x=1, then "say" what asks for more; disk-space is fine. '
const line = (text: string): string => JSON.stringify({ role: 'user', content: text })

const earlier = Buffer.from(`{"messages":[${Array.from({ length: 100 }, () => line(prose.repeat(16))).join(',')}`)
const body = Buffer.concat([earlier, Buffer.from(`,${line(prose.repeat(16))}]}`)])
const shared = {
  earlier: {
    interceptionId: 'earlier',
    bytes: earlier,
    scan: { members: [], elements: [] },
    digest: digestBody(earlier, null),
    secrets: noSecrets,
  },
  prefixBytes: earlier.length,
  suffixBytes: 0,
}

const key = ` sk-ant-api03-${'aB3x'.repeat(20)} `
const withKey = Buffer.from(earlier)
withKey.write(key, 60, 'latin1')
const knownKey = maskBody(withKey, digestBody(withKey, null), null, masker).secrets
const bodyWithKey = Buffer.concat([withKey, body.subarray(earlier.length)])
const sharedWithKey = {
  ...shared,
  earlier: { ...shared.earlier, bytes: withKey, digest: digestBody(withKey, null), secrets: knownKey },
}
const digestWithKey = digestBody(bodyWithKey, sharedWithKey)

const words = prose.split(' ').map((word) => `${word} `)
const events = Buffer.from(
  Array.from({ length: 300 }, (_, at) => {
    const text = words[at % words.length] ?? ''
    const data = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }
    return `event: content_block_delta\ndata: ${JSON.stringify(data)}\n\n`
  }).join(''),
)

function median(times: number, work: () => unknown): number {
  for (let i = 0; i < times; i++) work()
  const took: number[] = []
  for (let i = 0; i < times; i++) {
    const from = process.hrtime.bigint()
    work()
    took.push(Number(process.hrtime.bigint() - from) / 1000)
  }
  return took.toSorted((a, b) => a - b)[times >> 1] ?? 0
}

const rows = [
  [
    `request of ${body.length} bytes, ${body.length - earlier.length} of them new`,
    () => findSecrets(body, shared, masker),
  ],
  ['the same, with a key at its beginning', () => maskBody(bodyWithKey, digestWithKey, sharedWithKey, masker)],
  [`the same, seen for the first time`, () => findSecrets(body, null, masker)],
  [
    `stream of 300 events, ${events.length} bytes`,
    () => maskAnswer(Buffer.from(events), { masker, events: true, final: true }),
  ],
] as const
for (const [name, work] of rows) process.stdout.write(`${median(400, work).toFixed(1).padStart(9)} µs  ${name}\n`)
