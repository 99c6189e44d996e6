import { plainText } from '@reeve/base'
import type { StructuredPatchHunk } from 'diff'
import type { ArchivedFile } from './template-archive.ts'

/** A file that is not the same in two versions. */
export interface Difference {
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  readonly binary: boolean
  readonly added: number
  readonly removed: number
  /** Whether it may be run, where that changed. */
  readonly executable: { readonly before: boolean; readonly after: boolean } | null
  /** In unified form, as patch and git apply take it; of a binary file one line that names it. */
  readonly patch: string
}

type Files = ReadonlyMap<string, ArchivedFile>

const contextLines = 3
/** Texts that differ in more lines are shown as one in place of the other: the time grows with the square of it. */
const editsMax = 1_000

export async function differencesOf(before: Files, after: Files): Promise<Difference[]> {
  // Loaded when there is something to compare.
  const { formatPatch, structuredPatch } = await import('diff')
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((path): Difference[] => {
    const [old, young] = [before.get(path), after.get(path)]
    const isSame = old !== undefined && young !== undefined && Buffer.compare(old.content, young.content) === 0
    const executable = executableOf(old, young)
    if (isSame && executable === null) return []
    const change = old === undefined ? 'added' : young === undefined ? 'removed' : 'changed'
    const [from, to] = [old === undefined ? '/dev/null' : `a/${path}`, young === undefined ? '/dev/null' : `b/${path}`]
    const written = (hunks: StructuredPatchHunk[]): string =>
      formatPatch({
        oldFileName: from,
        newFileName: to,
        oldHeader: undefined,
        newHeader: undefined,
        hunks,
        isGit: true,
        isCreate: old === undefined,
        isDelete: young === undefined,
        ...(executable === null && change === 'changed' ? {} : { oldMode: modeOf(old), newMode: modeOf(young) }),
      })
    const [oldText, youngText] = [textOf(old), textOf(young)]
    if (oldText === null || youngText === null) {
      const said = isSame ? '' : `Binary files ${from} and ${to} differ\n`
      return [{ path, change, binary: true, added: 0, removed: 0, executable, patch: written([]) + said }]
    }
    const options = { context: contextLines, maxEditLength: editsMax }
    const found = structuredPatch(from, to, oldText, youngText, undefined, undefined, options)
    const hunks = found?.hunks ?? [wholeOf(oldText, youngText)]
    const lines = hunks.flatMap((hunk) => hunk.lines)
    const count = (sign: string): number => lines.filter((line) => line.startsWith(sign)).length
    const patch = written(hunks)
    return [{ path, change, binary: false, added: count('+'), removed: count('-'), executable, patch }]
  })
}

function executableOf(old: ArchivedFile | undefined, young: ArchivedFile | undefined): Difference['executable'] {
  if (old === undefined || young === undefined || old.executable === young.executable) return null
  return { before: old.executable, after: young.executable }
}

const modeOf = (file: ArchivedFile | undefined): string => (file?.executable === true ? '100755' : '100644')

/** What is not there is empty; null is no text. */
const textOf = (file: ArchivedFile | undefined): string | null => (file === undefined ? '' : plainText(file.content))

function wholeOf(before: string, after: string): StructuredPatchHunk {
  const [old, young] = [linesOf(before), linesOf(after)]
  const marked = (text: string, lines: readonly string[], sign: string): string[] => [
    ...lines.map((line) => sign + line),
    ...(text === '' || text.endsWith('\n') ? [] : ['\\ No newline at end of file']),
  ]
  return {
    oldStart: 1,
    oldLines: old.length,
    newStart: 1,
    newLines: young.length,
    lines: [...marked(before, old, '-'), ...marked(after, young, '+')],
  }
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
