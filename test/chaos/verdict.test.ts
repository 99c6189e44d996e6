import { expect, test } from 'vitest'
import { newTruth, type Truths } from './truth.ts'
import { noTokens } from './turn.ts'
import { judge, type Recorded } from './verdict.ts'

const counted = { ...noTokens, input: 100, output: 20 }
const begun = { ...counted, output: 1 }

function held(row: Partial<Recorded>) {
  const truths: Truths = new Map()
  const facts = { format: 'Messages', streaming: true, answerSha256: 'a', keptSha256: 'a', through: 0 }
  const truth = newTruth(truths, facts, 'request')
  Object.assign(truth, { providerSaw: true, providerSent: 'all', client: 'complete', stated: [begun, counted] })
  const { requestSha256 } = truth
  const whole = { id: '1', requestSha256, responseSha256: 'a', outcome: 'ok', ended: true, tokens: counted }
  return judge(truths, [{ ...whole, ...row }])
}

test('the record of a complete answer that agrees in everything is found right', () => {
  expect(held({})).toMatchObject({ untruthfulEnds: [], miscounted: [], duplicates: 0, startsWithoutEnd: 0 })
})

test('a complete answer must have the last count of the provider, a cut one may have any that it stated, or none', () => {
  expect(held({ tokens: begun }).miscounted).toHaveLength(1)
  expect(held({ tokens: { ...counted, input: 101 } }).miscounted).toHaveLength(1)
  for (const tokens of [noTokens, begun, counted])
    expect(held({ outcome: 'interrupted', tokens }).miscounted).toHaveLength(0)
  expect(held({ outcome: 'interrupted', tokens: { ...begun, input: 1 } }).miscounted).toHaveLength(1)
})

test('another answer, another end and a request that nobody sent are untruthful', () => {
  expect(held({ responseSha256: 'b' }).untruthfulEnds).toHaveLength(1)
  expect(held({ outcome: 'interrupted' }).untruthfulEnds).toHaveLength(1)
  expect(held({ requestSha256: 'unknown' }).untruthfulEnds).toHaveLength(1)
})
