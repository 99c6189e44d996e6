import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { recordingLog, silentLog } from '@reeve/base'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { clearAbandoned, type LeftState, type Rescue } from './abandoned-runs.ts'
import type { Account } from './sandbox.ts'
import { sourceOf, testAccount, testProvisioner } from './testing-provisioner.ts'
import { makeWorkplace, type Workplace } from './workplace.ts'

const buildId = 'b0000000-0000-4000-8000-000000000001'
const contents = {
  buildId,
  source: sourceOf({ 'main.tf': 'locals {}\n' }),
  state: null,
  variables: '{}',
  ephemeral: null,
  cliConfig: '',
}
/** A process that there is not: the kernel's ids end before it. */
const deadRun = 'reeve-run-99999999-123-'

interface Rescued {
  readonly states: readonly LeftState[]
  readonly rescue: Rescue
}
function rescued(): Rescued {
  const states: LeftState[] = []
  return { states, rescue: async (left) => states.push(left) > 0 }
}

const rootOf = (place: Workplace): string => dirname(place.source)
const stateFileOf = (root: string): string => join(root, 'state', 'terraform.tfstate')

/** As it looks when the server was killed: the folder of a process that is no more. */
function killed(place: Workplace, name: string): string {
  const root = join(dirname(rootOf(place)), deadRun + name)
  renameSync(rootOf(place), root)
  return root
}

/** A file as the run writes it. */
function write(path: string, text: string, account: Account | null): void {
  writeFileSync(path, text)
  if (account !== null) chownSync(path, account.uid, account.gid)
}

test('folders of runs whose server is gone are removed, those of one that runs stay', async () => {
  using folder = temporaryFolder()
  const place = makeWorkplace(folder.path, null, contents)
  writeFileSync(stateFileOf(rootOf(place)), '{"serial":1}')
  // The same process id at another time, and one that there is not.
  const before = `reeve-run-${process.pid}-1-abcdef`
  const gone = `${deadRun}abcdef`
  for (const name of [before, gone, 'something-else']) mkdirSync(join(folder.path, name))
  const { states, rescue } = rescued()
  const removed = await clearAbandoned(folder.path, { rescue, log: silentLog })
  expect(removed.toSorted()).toEqual([gone, before].toSorted())
  expect(readdirSync(folder.path)).toHaveLength(2)
  await place[Symbol.asyncDispose]()
  expect(readdirSync(folder.path)).toEqual(['something-else'])
  expect(states).toEqual([])
})

test('in a folder that others share, runs of a server in another container stay: it may be alive', async () => {
  using folder = temporaryFolder()
  const root = killed(makeWorkplace(folder.path, null, contents), 'elsewhere')
  writeFileSync(stateFileOf(root), '{"serial":1}')
  const label = { build: buildId, uid: process.getuid?.(), processes: 'pid:[1]' }
  writeFileSync(join(root, 'run.json'), JSON.stringify(label))
  const { states, rescue } = rescued()
  expect(await clearAbandoned(folder.path, { rescue, isShared: true, log: silentLog })).toEqual([])
  expect([existsSync(root), states]).toEqual([true, []])
  expect(await clearAbandoned(folder.path, { rescue, log: silentLog })).toHaveLength(1)
  expect(states).toHaveLength(1)
})

test('the newest whole state of a build is handed over before its folder goes; that of another run is nobody’s', async () => {
  using folder = temporaryFolder()
  chmodSync(folder.path, 0o711)
  const account = await testAccount()
  const build = killed(makeWorkplace(folder.path, account, contents), 'build')
  write(stateFileOf(build), '{"serial":3,"resou', account)
  write(`${stateFileOf(build)}.backup`, '{"serial":2}', account)
  const plan = killed(makeWorkplace(folder.path, account, { ...contents, buildId: null }), 'plan')
  write(stateFileOf(plan), '{"serial":7}', account)
  killed(makeWorkplace(folder.path, account, contents), 'not-begun')
  const { states, rescue } = rescued()
  const there: boolean[] = []
  const look: Rescue = (left) => {
    there.push(existsSync(build))
    return rescue(left)
  }
  const removed = await clearAbandoned(folder.path, { rescue: look, log: silentLog })
  expect(states.map(({ buildId: id, state }) => [id, String(state)])).toEqual([[buildId, '{"serial":2}']])
  expect(there).toEqual([true])
  expect(removed).toHaveLength(3)
  expect(readdirSync(folder.path)).toEqual([])
})

test('what finds no place now is told of, holds nothing else up, and is there at the next start', async () => {
  using folder = temporaryFolder()
  for (const name of ['one', 'two']) {
    const place = makeWorkplace(folder.path, null, contents)
    writeFileSync(stateFileOf(rootOf(place)), JSON.stringify({ name }))
    killed(place, name)
  }
  const log = recordingLog()
  const { states, rescue } = rescued()
  const refuse: Rescue = async (left) => {
    if (String(left.state).includes('one')) throw new Error('the database is away')
    return rescue(left)
  }
  expect(await clearAbandoned(folder.path, { rescue: refuse, log })).toEqual([`${deadRun}two`])
  expect(JSON.stringify(log.lines)).toContain(`${deadRun}one`)
  expect(readdirSync(folder.path)).toEqual([`${deadRun}one`])
  expect(await clearAbandoned(folder.path, { rescue, log })).toEqual([`${deadRun}one`])
  expect(states.map(({ state }) => String(state))).toEqual(['{"name":"two"}', '{"name":"one"}'])
})

test('a build that is not known here stays for its own server where the folder is shared, and only there', async () => {
  using folder = temporaryFolder()
  for (const [name, buildOf] of [
    ['build', buildId],
    ['plan', null],
  ] as const) {
    const place = makeWorkplace(folder.path, null, { ...contents, buildId: buildOf })
    writeFileSync(stateFileOf(rootOf(place)), '{"serial":1}')
    killed(place, name)
  }
  const rescue: Rescue = async () => false
  const shared = { rescue, isShared: true, log: silentLog }
  expect(await clearAbandoned(folder.path, shared)).toEqual([`${deadRun}plan`])
  expect(await clearAbandoned(folder.path, { rescue, log: silentLog })).toEqual([`${deadRun}build`])
})

test('a template makes us read nothing of others, and cannot say which build it is', async () => {
  using folder = temporaryFolder()
  chmodSync(folder.path, 0o711)
  const account = await testAccount()
  const secret = join(folder.path, 'secret')
  writeFileSync(secret, '{"canary":true}')
  const linked = killed(makeWorkplace(folder.path, account, contents), 'linked')
  symlinkSync(secret, stateFileOf(linked))
  const label = statSync(join(linked, 'run.json'))
  expect([label.mode & 0o777, label.uid]).toEqual([0o600, process.getuid?.()])
  expect(statSync(linked).mode & 0o022).toBe(0)
  if (account !== null) {
    // Ours, and not the account's: a hard link, say, to what only we may read.
    const foreign = killed(makeWorkplace(folder.path, account, contents), 'foreign')
    writeFileSync(stateFileOf(foreign), '{"canary":true}')
    // A folder that the account has made itself, with whatever label it likes.
    const forged = killed(makeWorkplace(folder.path, account, contents), 'forged')
    write(stateFileOf(forged), '{"canary":true}', account)
    chownSync(forged, account.uid, account.gid)
    const relabelled = killed(makeWorkplace(folder.path, account, contents), 'relabelled')
    write(stateFileOf(relabelled), '{"canary":true}', account)
    chownSync(join(relabelled, 'run.json'), account.uid, account.gid)
  }
  const { states, rescue } = rescued()
  await clearAbandoned(folder.path, { rescue, log: silentLog })
  expect(states).toEqual([])
  expect(readdirSync(folder.path)).toEqual(['secret'])
})

test('a label that was cut short says nothing, and holds nothing up', async () => {
  using folder = temporaryFolder()
  const place = makeWorkplace(folder.path, null, contents)
  writeFileSync(stateFileOf(rootOf(place)), '{"serial":1}')
  const root = killed(place, 'cut')
  rmSync(join(root, 'run.json'))
  writeFileSync(join(root, 'run.json'), '{"build":"b00')
  const { states, rescue } = rescued()
  expect(await clearAbandoned(folder.path, { rescue, log: silentLog })).toEqual([`${deadRun}cut`])
  expect(states).toEqual([])
})

test('a server that starts looks where those before it had their runs, and takes away what is empty then', async () => {
  using folder = temporaryFolder()
  const [before, other] = [join(folder.path, 'before'), join(folder.path, 'other')]
  // One that stands empty is perhaps about to be used.
  for (const path of [before, other, join(folder.path, 'empty')]) mkdirSync(path)
  const place = makeWorkplace(before, null, contents)
  writeFileSync(stateFileOf(rootOf(place)), '{"serial":5}')
  killed(place, 'left')
  makeWorkplace(other, null, contents)
  const { states, rescue } = rescued()
  await using _ = await testProvisioner(
    { runsFoldersBefore: ['before', 'other', 'empty', 'gone'].map((name) => join(folder.path, name)) },
    { rescue },
  )
  expect(states.map(({ state }) => String(state))).toEqual(['{"serial":5}'])
  expect(readdirSync(folder.path).toSorted()).toEqual(['empty', 'other'])
})
