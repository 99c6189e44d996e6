import { parsePolicy } from '@reeve/policy'
import { expect, test } from 'vitest'
import { dnsFact, manualTime, netFact, scratchDirectory, testRecorder, testSession } from './audit/testing.ts'
import { createPolicyInForce } from './policy-in-force.ts'
import { createTally, endLines, startLine } from './summary.ts'

const local = {
  label: 'team-web@v14',
  document: parsePolicy('apiVersion: reeve/v1\nname: team-web\nnetwork: { rules: [{ id: a, host: a.test }] }').policy!,
}

test('before the command, one line says what holds it and where the record goes', () => {
  using policy = createPolicyInForce({ local, ...manualTime() })
  const facts = {
    policy,
    tier: 1,
    jail: 'namespaces',
    control: 'reeve.example.com',
    online: true,
    session: testSession,
  }
  expect(startLine(facts)).toBe(
    `boundary: policy team-web@v14 (enforce) · 1 rule · tier 1, namespaces · audit → reeve.example.com · ${testSession}`,
  )
  expect(startLine({ ...facts, online: false })).toContain('→ reeve.example.com (cannot be reached)')
  expect(startLine({ ...facts, tier: 3, control: null })).toMatch(/tier 3, proxy variables only.*audit on this machine/)
  using none = createPolicyInForce({ local: null, ...manualTime() })
  expect(startLine({ ...facts, policy: none })).toContain('no policy, everything is denied')
})

test('behind the command, the lines count every decision and name what was denied', async () => {
  using scratch = scratchDirectory()
  await using recorder = testRecorder(scratch.path)
  const tally = createTally()
  recorder.onEvent((event) => tally.add(event))
  for (let i = 0; i < 412; i++) recorder.record(netFact('allow'))
  recorder.record({ ...netFact('allow'), would: 'deny' })
  for (let i = 0; i < 150; i++) recorder.record(netFact('deny', { host: 'telemetry.example.com' }))
  recorder.record(dnsFact('pastebin.com'))
  // The look-up before the request is the same act.
  recorder.record(dnsFact('telemetry.example.com'))
  await recorder.flush()
  const facts = { tally, unsent: 2, unwritten: 0, durationMs: 881_400, session: testSession, explained: true }
  expect(endLines(facts)).toEqual([
    `boundary: 413 allowed, 151 denied (2 targets), 1 would have been denied, 2 unsent · 14m41s · session ${testSession}`,
    `          denied: telemetry.example.com ×150, pastebin.com ×1  →  reeve explain ${tally.denial}`,
    '          2 decisions are kept on this machine; the next boundary delivers them',
  ])
  expect(endLines({ ...facts, unwritten: 3 }).at(-1)).toContain('3 lines of the record are lost')
  expect(endLines({ ...facts, explained: false })[1]).toContain(`boundary log --session ${testSession}`)
  expect(endLines({ ...facts, tally: createTally(), unsent: 0, durationMs: 12 })).toEqual([
    `boundary: 0 allowed, 0 denied, 0 unsent · 0s · session ${testSession}`,
  ])
})
