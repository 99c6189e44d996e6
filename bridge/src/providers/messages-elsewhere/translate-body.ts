import type { IncomingHttpHeaders } from 'node:http'
import { type Edit, leaveOut } from '../../edits.ts'
import { type Member, type Scan, scanObject } from '../../scan.ts'
import { memberOf, valueAt } from '../../wire/body.ts'
import { arrayOf, objectOf, stringOf } from '../../wire/json.ts'
import { type BuiltIn, capabilityOf } from './capabilities.ts'
import type { Capability } from './capability.ts'
import { thinkingFor } from './thinking.ts'

/** They stand in the path, in a header, or are said anew. */
const elsewhere = ['model', 'anthropic_version', 'anthropic_beta']

/** How one provider takes what clients send to Anthropic. */
export interface Target {
  readonly model: string
  readonly version: string
  /** Where the betas stand; those that are passed on in a header are given back. */
  readonly betasIn: 'body' | 'header'
  readonly modelIn: 'path' | 'body'
  /** Members beside the model that say what stands in the path. */
  readonly inPath: readonly string[]
  readonly rows: readonly Capability[]
  readonly builtIn: BuiltIn
}

/**
 * A body of the Messages API as another provider than Anthropic takes it for the model: what it does not take is left
 * out, thinking is asked for in its way, and the version stands in front. What is not touched keeps its bytes, so that
 * equal beginnings of conversations stay equal, and the provider's caches warm.
 */
export function translateBody(
  body: Buffer,
  scan: Scan,
  betas: readonly string[],
  { model, version, betasIn, modelIn, inPath, rows, builtIn }: Target,
): { readonly edits: readonly Edit[]; readonly betas: readonly string[] } {
  const capability = capabilityOf(model, rows, builtIn)
  const said = arrayOf(valueAt(body, memberOf(scan, 'anthropic_beta'))).flatMap((beta) => stringOf(beta) ?? [])
  const named = [...betas, ...said].flatMap((beta) => builtIn.otherNames[beta] ?? [beta])
  const passed = [...new Set(named)].filter((beta) => capability.betas.includes(beta))
  const lacking = Object.entries(capability.needs).filter(([, beta]) => !passed.includes(beta))
  const omitted = [...capability.omit, ...lacking.map(([path]) => path)]

  const thinking = memberOf(scan, 'thinking')
  const given = objectOf(valueAt(body, thinking))
  const instead = thinkingFor(capability.thinking, given, {
    maxTokens: valueAt(body, memberOf(scan, 'max_tokens')),
    outputConfig: valueAt(body, memberOf(scan, 'output_config')),
  })
  const isLeftOut = (key: string): boolean =>
    elsewhere.includes(key) || inPath.includes(key) || omitted.includes(key) || (key === 'thinking' && instead === null)
  const open = body.indexOf('{')
  const kept = scan.members.filter(({ key }) => !isLeftOut(key))
  const isReplaced = (key: string): boolean => key === 'thinking' && instead !== 'as_is'
  const front = [`"anthropic_version":"${version}"`]
  if (modelIn === 'body') front.push(`"model":${JSON.stringify(model)}`)
  if (betasIn === 'body' && passed.length > 0) front.push(`"anthropic_beta":${JSON.stringify(passed)}`)
  const edits = [
    { from: open + 1, to: open + 1, text: front.join(',') + (kept.length > 0 ? ',' : '') },
    ...[
      ...leaveOut(body, open, scan.members, isLeftOut),
      ...kept.flatMap((member) =>
        isReplaced(member.key)
          ? [{ from: member.from, to: member.to, text: JSON.stringify(instead) }]
          : insideEdits(body, member, omittedIn(omitted, member.key)),
      ),
    ].toSorted((a, b) => a.from - b.from),
  ]
  return { edits, betas: passed }
}

/** The betas that a client asks for in its header. */
export function betasOf(headers: IncomingHttpHeaders): readonly string[] {
  const said = [headers['anthropic-beta']].flat().join(',').split(',')
  return said.map((beta) => beta.trim()).filter((beta) => beta !== '')
}

/** The names of what is left out inside of a member. */
function omittedIn(omitted: readonly string[], key: string): readonly string[] {
  return omitted.flatMap((path) => (path.startsWith(`${key}.`) ? [path.slice(key.length + 1)] : []))
}

/** What of an object, or of each object in a list, is left out. */
function insideEdits(body: Buffer, member: Member, names: readonly string[]): readonly Edit[] {
  const value = body.subarray(member.from, member.to)
  if (!names.some((name) => value.includes(`"${name}"`))) return []
  if (value[0] === openBrace) return editsOf(body, member.from, member.to, names)
  const listed = scanObject(Buffer.concat([Buffer.from('{"":'), value, Buffer.from('}')]), {
    decisive: [],
    elementsOf: '',
  })
  if (!listed.ok) return []
  const shift = member.from - '{"":'.length
  return listed.scan.elements.flatMap(({ from, to }) => editsOf(body, from + shift, to + shift, names))
}

const openBrace = 0x7b

function editsOf(body: Buffer, from: number, to: number, names: readonly string[]): readonly Edit[] {
  const inside = scanObject(body.subarray(from, to), { decisive: [], elementsOf: '' })
  if (!inside.ok) return []
  const members = inside.scan.members.map((member) => ({ ...member, from: member.from + from, to: member.to + from }))
  return leaveOut(body, from, members, (key) => names.includes(key))
}
