import type { Member, Range } from './scan.ts'

/** One change of a body: the text takes the place of these bytes. Several are in order and do not overlap. */
export interface Edit extends Range {
  readonly text: string
}

/** How one body becomes another. Data, so that what was sent can be made again from what came. */
export interface BodyPatch {
  readonly edits: readonly Edit[]
  /** What stands around the edited body, which is in base64 then; null where it is the body itself. */
  readonly around: { readonly before: string; readonly after: string } | null
}

export function patchBody(body: Buffer, { edits, around }: BodyPatch): Buffer {
  const edited = applyEdits(body, edits)
  return around === null ? edited : Buffer.from(around.before + edited.toString('base64') + around.after)
}

/** The body with the changes made; every byte that none of them names stays as it is. */
function applyEdits(body: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (const { from, to, text } of edits) {
    parts.push(body.subarray(at, from), Buffer.from(text))
    at = to
  }
  return Buffer.concat([...parts, body.subarray(at)])
}

/** Leaves members out of the object that opens at `open`, each with one of the commas beside it. */
export function leaveOut(
  body: Buffer,
  open: number,
  members: readonly Member[],
  isLeftOut: (key: string) => boolean,
): Edit[] {
  const behindComma = (at: number): number => body.indexOf(comma, at) + 1
  const firstKept = members.findIndex(({ key }) => !isLeftOut(key))
  return members.flatMap(({ key, to }, i) => {
    if (!isLeftOut(key)) return []
    const before = members[i - 1]
    // Behind one that is kept, the comma before goes; before that, the comma behind, where there is one.
    if (before !== undefined && firstKept !== -1 && firstKept < i) return [{ from: before.to, to, text: '' }]
    const from = before === undefined ? open + 1 : behindComma(before.to)
    return [{ from, to: i === members.length - 1 ? to : behindComma(to), text: '' }]
  })
}

const comma = 0x2c
