import { mkdtemp, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Fault } from '@reeve/base'
import { field } from './agent-driver.ts'

const messageBytesMax = 1024 * 1024
export const uploadBytesMax = 10 * 1024 * 1024
/** Boundaries and headers of a form around its file. */
const formBytesMax = uploadBytesMax + 64 * 1024

export interface PostedMessage {
  readonly content: string
  readonly type: 'user' | 'raw'
}

/** Only as JSON: that is what a browser asks this server about before it lets a page of elsewhere send it. */
export async function readMessage(request: IncomingMessage): Promise<PostedMessage> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new Fault('invalid', 'A message is sent as application/json.')
  }
  const text = (await readBody(request, messageBytesMax)).toString()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Fault('invalid', 'The body is not JSON.')
  }
  const content = field(value, 'content')
  const type = field(value, 'type')
  const problems = [
    ...(typeof content === 'string' ? [] : [{ field: 'body.content', detail: 'expected a string' }]),
    ...(type === 'user' || type === 'raw' ? [] : [{ field: 'body.type', detail: 'expected user or raw' }]),
  ]
  if (typeof content !== 'string' || (type !== 'user' && type !== 'raw')) {
    throw new Fault('invalid', 'The message is not as it should be.', { problems })
  }
  return { content, type }
}

/** Puts the file of a form into a folder of its own, and gives its path. */
export async function storeUpload(request: IncomingMessage): Promise<string> {
  const type = request.headers['content-type'] ?? ''
  if (!/^multipart\/form-data\s*;/i.test(type)) throw new Fault('invalid', 'A file is sent as multipart/form-data.')
  const bytes = await readBody(request, formBytesMax)
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } })
    .formData()
    .catch((cause: unknown) => {
      throw new Fault('invalid', 'The form cannot be read.', { cause })
    })
  const file = form.get('file')
  if (!(file instanceof File)) {
    throw new Fault('invalid', 'The form has no file.', {
      problems: [{ field: 'body.file', detail: 'expected a file' }],
    })
  }
  if (file.size > uploadBytesMax) throw new Fault('too_large', 'A file may have 10 MiB.')
  const path = join(await mkdtemp(join(tmpdir(), 'reeve-upload-')), plainName(file.name))
  await writeFile(path, await file.bytes(), { mode: 0o600, flag: 'wx' })
  return path
}

/** A name that stays in its folder and can be said in a prompt. */
function plainName(given: string): string {
  const name = basename(given.replaceAll('\\', '/'))
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
    .slice(-100)
    .toWellFormed()
  return /^\.*$/.test(name) ? 'file' : name
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request) {
    bytes += piece.length
    if (bytes > bytesMax) throw new Fault('too_large', `The body is longer than ${bytesMax} bytes.`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
