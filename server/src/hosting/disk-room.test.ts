import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordingLog } from '@reeve/base'
import { expect, test } from 'vitest'
import { diskRoom } from './disk-room.ts'

test('a disk that is nearly full is told of once, with the workspaces that use most of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-disk-'))
  try {
    const [small, large] = ['a0000000-0000-4000-8000-000000000031', 'a0000000-0000-4000-8000-000000000032']
    for (const [id, bytes] of [
      [small, 10],
      [large, 2 ** 20],
    ] as const) {
      mkdirSync(join(folder, id, 'home'), { recursive: true })
      writeFileSync(join(folder, id, 'home', 'file'), Buffer.alloc(bytes, 1))
    }
    mkdirSync(join(folder, 'door'))
    const log = recordingLog()
    const look = diskRoom(folder, log, 1.1)
    await look()
    await look()
    expect(log.lines.length).toBe(1)
    expect(log.lines[0]?.facts).toMatchObject({ largest: [{ workspaceId: large }, { workspaceId: small }] })
    await diskRoom(folder, log, 0)()
    expect(log.lines.length).toBe(1)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
