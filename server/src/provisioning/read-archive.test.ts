import { gzipSync } from 'node:zlib'
import { pack, type Headers } from 'tar-stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { readArchive } from './read-archive.ts'
import { archiveLimits } from './source-file.ts'
import { type ZipTestEntry, zip } from './testing-zip.ts'

async function tar(...entries: (Partial<Headers> & { name: string; text?: string })[]): Promise<Buffer> {
  const packed = pack()
  for (const { text = '', ...header } of entries) {
    if (header.type === undefined || header.type === 'file') packed.entry(header, text)
    else packed.entry(header)
  }
  packed.finalize()
  return buffer(packed)
}

const both = (name: string, text = 'x', mode = 0o644): [string, () => Promise<Buffer>][] => [
  ['tar', () => tar({ name, text, mode })],
  ['tar.gz', async () => gzipSync(await tar({ name, text, mode }))],
  ['zip', async () => zip({ name, text, mode: 0o100000 | mode })],
]

test('a tar, a tar.gz and a zip of the same folder are read the same', async () => {
  const entries = [
    { name: './main.tf', text: 'locals {}\n', mode: 0o644 },
    { name: 'scripts/boot.sh', text: '#!/bin/sh\n', mode: 0o755 },
  ]
  const folder = { name: 'scripts/', type: 'directory' as const, mode: 0o755 }
  const expected = [
    { path: 'main.tf', content: Buffer.from('locals {}\n'), executable: false },
    { path: 'scripts/boot.sh', content: Buffer.from('#!/bin/sh\n'), executable: true },
  ]
  const tarred = await tar(folder, ...entries)
  expect(await readArchive(tarred)).toEqual(expected)
  expect(await readArchive(gzipSync(tarred))).toEqual(expected)
  const zipped = zip(...entries.map((one) => ({ ...one, mode: 0o100000 | one.mode, deflate: true })))
  expect(await readArchive(zipped)).toEqual(expected)
})

const escapes = ['../main.tf', 'a/../../main.tf', '/etc/cron.d/x', 'C:/x.tf', 'a\\..\\b.tf', 'a\u0001b.tf']
for (const name of escapes) {
  for (const [format, make] of both(name)) {
    test(`a ${format} with an entry called ${JSON.stringify(name)} is refused`, async () => {
      const failure = readArchive(await make())
      await expect(failure).rejects.toMatchObject({ name: 'Fault', code: 'invalid' })
      await expect(failure).rejects.toThrow(/main\.tf|cron|x\.tf|b\.tf/)
    })
  }
}

test('links, devices and pipes in a tar are refused by name', async () => {
  const kinds = ['symlink', 'link', 'character-device', 'block-device', 'fifo'] as const
  for (const type of kinds) {
    const archive = await tar({ name: 'evil', type, linkname: '/etc/passwd' })
    await expect(readArchive(archive), type).rejects.toThrow(/the archive is refused: "evil" is a /)
  }
})

test('a symbolic link in a zip is refused by name', async () => {
  const archive = zip({ name: 'evil', text: '/etc/passwd', mode: 0o120777 })
  await expect(readArchive(archive)).rejects.toThrow('the archive is refused: "evil" is a symbolic link')
})

test('setuid, setgid and sticky files are refused', async () => {
  for (const bit of [0o4000, 0o2000, 0o1000]) {
    for (const [format, make] of both('run.sh', 'x', 0o755 | bit)) {
      await expect(readArchive(await make()), format).rejects.toThrow('"run.sh" has a setuid, setgid or sticky bit')
    }
  }
})

test('names that are there twice, or would be on another machine, are refused', async () => {
  const clashes: [string, string][] = [
    ['main.tf', './main.tf'],
    ['main.tf', 'Main.tf'],
    ['Mod/a.tf', 'mod/b.tf'],
    ['caf\u00e9.tf', 'cafe\u0301.tf'],
    ['a', 'a/b'],
  ]
  for (const [first, second] of clashes) {
    const entries = [{ name: first }, { name: second }]
    await expect(readArchive(await tar(...entries)), `tar ${first}`).rejects.toThrow(/the archive is refused/)
    const zipped: ZipTestEntry[] = entries.map((one) => ({ ...one, mode: 0o100644, text: '' }))
    await expect(readArchive(zip(...zipped)), `zip ${first}`).rejects.toThrow(/refused/)
  }
})

test('a bomb is refused before it is unpacked', async () => {
  const zeros = Buffer.alloc(80 * 1024 * 1024)
  const packed = gzipSync(await tar({ name: 'zeros', text: zeros.toString('latin1') }))
  expect(packed.length).toBeLessThan(archiveLimits.packedBytesMax)
  await expect(readArchive(packed)).rejects.toMatchObject({ code: 'too_large' })
  const zipped = zip({ name: 'zeros', text: zeros.toString('latin1'), mode: 0o100644, deflate: true })
  await expect(readArchive(zipped)).rejects.toMatchObject({ code: 'too_large' })
})

test('a zip whose entry is longer than it says is refused', async () => {
  const archive = zip({ name: 'zeros', text: 'x'.repeat(100_000), mode: 0o100644, deflate: true, claimedBytes: 10 })
  await expect(readArchive(archive)).rejects.toMatchObject({ code: 'invalid' })
})

test('more entries than the limit are refused', async () => {
  const limits = { ...archiveLimits, entriesMax: 3 }
  const entries = ['a', 'b', 'c', 'd'].map((name) => ({ name }))
  await expect(readArchive(await tar(...entries), limits)).rejects.toThrow('more than 3 entries')
  const zipped = zip(...entries.map((one) => ({ ...one, text: '', mode: 0o100644 })))
  await expect(readArchive(zipped, limits)).rejects.toThrow('more than 3 entries')
})

test('an archive over the packed limit, an empty one and nonsense are refused', async () => {
  const limits = { ...archiveLimits, packedBytesMax: 100 }
  await expect(readArchive(Buffer.alloc(101), limits)).rejects.toMatchObject({ code: 'too_large' })
  await expect(readArchive(Buffer.alloc(0))).rejects.toThrow('the archive is empty')
  await expect(readArchive(Buffer.from('nonsense'.repeat(200)))).rejects.toMatchObject({ code: 'invalid' })
  await expect(readArchive(Buffer.from('PK nonsense'))).rejects.toMatchObject({ code: 'invalid' })
  await expect(readArchive(Buffer.from([0x1f, 0x8b, 1, 2]))).rejects.toMatchObject({ code: 'invalid' })
  const cut = (await tar({ name: 'main.tf', text: 'x'.repeat(5_000) })).subarray(0, 2_000)
  await expect(readArchive(cut)).rejects.toMatchObject({ code: 'invalid' })
})

test("state, downloaded providers and git's own files stay out; vendored modules and the lock file come along", async () => {
  const names = [
    '.terraform/providers/registry.terraform.io/a/b/terraform-provider-b',
    '.terraform/terraform.tfstate',
    'terraform.tfstate',
    'terraform.tfstate.backup',
    '.git/config',
    '.terraform/modules/modules.json',
    '.terraform.lock.hcl',
  ]
  const files = await readArchive(await tar(...names.map((name) => ({ name }))))
  expect(files.map(({ path }) => path)).toEqual(['.terraform/modules/modules.json', '.terraform.lock.hcl'])
})
