import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { manualClock } from '@reeve/base'
import { type FindingKind, formatKey } from '@reeve/sdk'
import { afterAll, expect, test } from 'vitest'
import { testSigner } from '../../server/src/audit/testing.ts'
import { type SignedLog, signedLog, tampering } from '../../server/src/audit/testing-signed-log.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/**
 * `reeve audit verify` as an auditor runs it: the real command in a process of its own, with a file, the key that he kept
 * and the checkpoints that were shipped to him, and no server anywhere.
 */

const command = resolve(import.meta.dirname, '../../bin/reeve.mjs')
const temporary = temporaryFolder()
const folder = temporary.path
afterAll(() => temporary[Symbol.dispose]())

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function reeve(...argv: string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, NO_COLOR: '1' }
  return new Promise((done) => {
    execFile(process.execPath, [command, ...argv], { cwd: folder, env }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

interface Attack {
  /** On the database, before it is exported. */
  readonly database?: (log: SignedLog) => Promise<void>
  /** On the file, after it was. */
  readonly file?: (lines: readonly string[]) => readonly string[]
  /** On what was kept elsewhere; by default the checkpoints are kept there. */
  readonly witnessed?: (log: SignedLog) => readonly string[]
  readonly line: string
}

const { chainEndsAt, cutAfter, edit, putBeside, rehashFrom, remove, swap } = tampering
const owner =
  (...statements: string[]) =>
  (log: SignedLog) =>
    log.asOwner(...statements)

const attacks: Readonly<Record<FindingKind, Attack>> = {
  deleted: { database: owner(remove(5)), line: 'deleted 5: the event is missing; its place in the chain is not' },
  edited: { database: owner(edit(6, "action = 'read'")), line: 'edited 6: the event is not what its hash was made of' },
  swapped: { database: owner(...swap(3, 7)), line: 'swapped 3 to 7: the events 3 and 7 stand in each other’s place' },
  truncated: {
    database: owner(...cutAfter(9), chainEndsAt(9)),
    witnessed: () => [],
    line: 'truncated 10 to 12: the checkpoint of',
  },
  rewritten: {
    database: owner('delete from audit_checkpoints', rehashFrom(1, "sha256(one.content_sha256 || 'x')")),
    line: 'rewritten 1 to 12: nothing of the chain agrees with the checkpoint of',
  },
  restored: {
    database: owner(...cutAfter(6), chainEndsAt(6), 'delete from audit_checkpoints where seq > 6'),
    line: 'restored 7 to 12: the database is older than the checkpoint of',
  },
  unchained: { database: owner(putBeside), line: 'unchained: the event 01999999-0000-7000-8000-000000000001 has no' },
  checkpoints_missing: {
    database: owner('truncate audit_checkpoints'),
    line: 'checkpoints_missing 4 to 12: the database has lost 3 of its checkpoints',
  },
  forged: {
    witnessed: ({ elsewhere }) => elsewhere.map((note) => note.replace('\n4\n', '\n5\n')),
    line: 'forged: a checkpoint has a signature of',
  },
  unknown_key: {
    witnessed: ({ signer }) => [
      testSigner(manualClock('2026-11-20T12:00:00Z')).sign(
        `${signer.origin}\n12\nAAAA\nnumber 9\ntime 2026-11-20T12:00:00Z\n`,
      ),
    ],
    line: 'unknown_key: there are signatures of a key that is not trusted',
  },
  file_damaged: {
    file: (lines) => lines.slice(0, -1),
    line: 'file_damaged: the file has no manifest: its end is missing',
  },
}

/** The command's arguments for a log as it is now. */
async function handedOver(log: SignedLog, name: string, attack: Omit<Attack, 'line'>): Promise<string[]> {
  await attack.database?.(log)
  const lines = await log.exported()
  const [file, checkpoints] = [join(folder, `${name}.jsonl`), join(folder, `${name}-checkpoints.log`)]
  writeFileSync(file, `${(attack.file?.(lines) ?? lines).join('\n')}\n`)
  const notes = attack.witnessed?.(log) ?? log.elsewhere
  // As the server writes the file: a line that a crash cut off is passed over.
  writeFileSync(checkpoints, `${notes.map((note) => `\n${JSON.stringify({ note })}\n`).join('')}\n{"note":"cut o`)
  return ['audit', 'verify', file, '--checkpoints', checkpoints, '--key', formatKey(log.signer.key)]
}

test('an untouched export is verified, without any server', async () => {
  await using log = await signedLog()
  const ran = await reeve(...(await handedOver(log, 'untouched', {})))
  expect(ran).toEqual({
    code: 0,
    stdout: '12 events (1 to 12), 3 signed checkpoints, signed up to event 12\nverified: nothing is wrong\n',
    stderr: '',
  })
})

test.each(Object.entries(attacks))('%s: named, with its place, and the exit code is 1', async (kind, attack) => {
  await using log = await signedLog()
  const argv = await handedOver(log, kind, attack)
  const ran = await reeve(...argv)
  expect(ran.stdout.split('\n')).toContainEqual(expect.stringContaining(attack.line))
  expect(ran.stdout).toContain('\nnot verified\n')
  expect(ran).toMatchObject({ code: 1, stderr: '' })
  const asJson = await reeve(...argv, '-o', 'json')
  expect(asJson).toMatchObject({ code: 1, stderr: '' })
  expect(JSON.parse(asJson.stdout).findings).toContainEqual(expect.objectContaining({ kind }))
})

test('checkpoints are read in the form in which a sink was sent them', async () => {
  await using log = await signedLog()
  const argv = await handedOver(log, 'collected', {})
  // One that is not genuine is named: it was read, and held against the key.
  const note = (log.elsewhere[0] ?? '').replace('\n4\n', '\n5\n')
  const body = { kind: 'checkpoint', number: 1, seq: 4, note }
  const sent = {
    syslog: `<109>1 2026-11-20T12:01:00Z host reeve 1 audit_log.checkpoint [reeve@32473 seq="4"] ${JSON.stringify(body)}`,
    webhook: JSON.stringify({ type: 'audit.audit_log.checkpoint', data: body }),
    ocsf: JSON.stringify({ class_uid: 6003, unmapped: body }),
    'ocsf by webhook': JSON.stringify({ data: { unmapped: body } }),
  }
  for (const [form, line] of Object.entries(sent)) {
    const file = join(folder, 'collected.log')
    writeFileSync(file, `${JSON.stringify({ action: 'login', diff: { note: { old: null, new: 'x' } } })}\n${line}\n`)
    const ran = await reeve(...argv.slice(0, 3), '--checkpoints', file, ...argv.slice(5))
    expect(ran.stdout, form).toContain('\nforged: a checkpoint has a signature of')
    expect(ran.code).toBe(1)
  }
})

test('what is no export, or not there, is a mistake and not a verdict', async () => {
  writeFileSync(join(folder, 'letter'), 'hello\n')
  writeFileSync(join(folder, 'empty'), '')
  const codes = await Promise.all(
    ['letter', 'empty', 'nowhere'].map(async (name) => {
      const { code, stdout, stderr } = await reeve('audit', 'verify', join(folder, name))
      return [code, stdout, /not an export|is empty|cannot read/.test(stderr)]
    }),
  )
  expect(codes).toEqual([
    [2, '', true],
    [2, '', true],
    [2, '', true],
  ])
})

test('whoever brings no key is told that those of the export were believed', async () => {
  await using log = await signedLog()
  const argv = (await handedOver(log, 'keyless', {})).slice(0, 3)
  const { stderr } = await reeve(...argv)
  expect(stderr).toContain('the keys are those of the export itself')
})
