import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text as streamText } from 'node:stream/consumers'
import { Fault, toError } from '@reeve/base'
import type { Context } from '../context.ts'

/** A text from a file, or from stdin where `-` was given. */
export async function readText(context: Context, file: string): Promise<string> {
  if (file === '-') return streamText(context.io.stdin)
  const path = resolve(context.io.cwd, file)
  try {
    return await readFile(path, 'utf8')
  } catch (thrown) {
    throw new Fault('invalid', `cannot read ${path}: ${toError(thrown).message}`, { cause: thrown })
  }
}
