import { createHash } from 'node:crypto'
import { Fault, plainText, uuidv7 } from '@reeve/base'
import type { TemplateVersionFile, Uploaded } from '@reeve/sdk'
import { allows } from '../access/policy.ts'
import { type FileAnswer, type Scope, signedIn } from '../http/implement.ts'
import { readArchive } from '../provisioning/read-archive.ts'
import { mayWithTemplate } from './policy.ts'
import { administersAny, findTemplate } from './queries.ts'
import type { Room } from './room.ts'
import { findFile, insertFile, selectUsesOfFile } from './version-queries.ts'

/** An archive is read before it is kept: what cannot be imported is refused while its sender is still there. */
export async function keepFile(
  { db, clock }: Room,
  scope: Scope,
  { type, bytes }: Uploaded,
): Promise<{ hash: string }> {
  const actor = signedIn(scope)
  const mayPush = allows(actor, 'template:create') || (await administersAny(db.sql, actor))
  if (!mayPush) throw new Fault('forbidden', 'this credential may not push templates')
  const content = Buffer.from(bytes)
  await readArchive(content)
  const now = clock.now()
  const id = await insertFile(db.sql, {
    id: uuidv7(now),
    sha256: createHash('sha256').update(content).digest(),
    content_type: type,
    content,
    created_by: actor.userId,
    created_at: now,
  })
  return { hash: id }
}

const endings: Readonly<Record<string, string>> = { 'application/zip': 'zip', 'application/gzip': 'tar.gz' }

/** Who uploaded a file may read it, and who may change a template that it was pushed to: sources hold what templates hide. */
export async function readFile({ db }: Room, scope: Scope, id: string): Promise<FileAnswer> {
  const actor = signedIn(scope)
  const file = await findFile(db.sql, id)
  if (file === undefined) throw new Fault('not_found', 'there is no such file')
  const mayRead = file.created_by === actor.userId || (await isOfReadable())
  if (!mayRead) throw new Fault('not_found', 'there is no such file')
  const fileName = `${id}.${endings[file.content_type] ?? 'tar'}`
  return { bytes: file.content, contentType: file.content_type, fileName }

  async function isOfReadable(): Promise<boolean> {
    for (const { template_id: templateId, organization_id: organizationId } of await selectUsesOfFile(db.sql, id)) {
      const template = templateId === null ? undefined : await findTemplate(db.sql, templateId)
      if (
        template === undefined
          ? allows(actor, 'template:create', { organizationId })
          : mayWithTemplate(actor, 'template:update', template)
      )
        return true
    }
    return false
  }
}

/** What a page shows of one file, and of all of a version. */
const fileBytesMax = 512 * 1024
const allCharsMax = 4 * 1024 * 1024

/** The files of an archive as somebody reads them. */
export async function readSource({ db }: Room, fileId: string): Promise<TemplateVersionFile[]> {
  const file = await findFile(db.sql, fileId)
  if (file === undefined) throw new Fault('not_found', 'there is no such file')
  const files = (await readArchive(file.content)).toSorted((a, b) => (a.path < b.path ? -1 : 1))
  let chars = 0
  return files.map(({ path, content, executable }) => {
    const text = content.length > fileBytesMax ? null : plainText(content)
    const isShown = text !== null && chars + text.length <= allCharsMax
    if (isShown) chars += text.length
    const sha256 = createHash('sha256').update(content).digest('hex')
    return { path, bytes: content.length, sha256, executable, text: isShown ? text : null }
  })
}
