import { toError } from '@reeve/base'
import type { Blocks } from './blocks.ts'
import { type Configuration, configurationFiles, declared, isOverride } from './configuration.ts'
import { type Diagnostic, type Failure, failure } from './diagnostic.ts'
import type { Engine } from './engine.ts'
import type { HclReader } from './hcl-reader.ts'
import type { SourceFile } from './source-file.ts'
import type { TemplateVariable } from './template.ts'
import { readTags } from './workspace-tags.ts'

/** What is known of a template without running anything of it. */
export interface StaticTemplate {
  readonly failure: null
  readonly variables: readonly TemplateVariable[]
  readonly readme: string
  /** Which workers may take its jobs, as far as that is known without a plan. */
  readonly tags: Readonly<Record<string, string>>
}

const fileBytesMax = 512 * 1024
const readmeCharsMax = 1024 * 1024

export async function readTemplate(
  source: readonly SourceFile[],
  given: ReadonlyMap<string, string>,
  hcl: HclReader,
  engine: Pick<Engine, 'name' | 'version'>,
): Promise<StaticTemplate | { readonly failure: Failure }> {
  const paths = configurationFiles(source, engine)
  if (paths.length === 0) return { failure: failure('the template has no file that ends in .tf in its upmost folder') }
  const files: Blocks[] = []
  const overrides: Blocks[] = []
  const diagnostics: Diagnostic[] = []
  for (const file of paths) {
    const read = await readFile(file, hcl)
    if ('complaints' in read) diagnostics.push(...read.complaints)
    else if (isOverride(file.path)) overrides.push(...read.blocks)
    else files.push(...read.blocks)
  }
  if (diagnostics.length > 0) {
    const [first] = diagnostics
    const message = `${first!.file}${first!.line === null ? '' : ` line ${first!.line}`}: ${first!.summary}`
    return { failure: { message, diagnostics, code: null } }
  }
  const set = await setInFiles(source, hcl)
  const configuration: Configuration = { files, overrides }
  const variables = declared(configuration, 'variable').map(([name, body]) => readVariable(name, body, set))
  const tags = readTags(configuration, variables, given)
  const readme = source.find(({ path }) => /^readme\.md$/i.test(path))?.content.toString('utf8') ?? ''
  const sorted = variables.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return { failure: null, variables: sorted, readme: readme.slice(0, readmeCharsMax), tags }
}

type Read = { readonly blocks: readonly Blocks[] } | { readonly complaints: readonly Diagnostic[] }

async function readFile(file: SourceFile, hcl: HclReader): Promise<Read> {
  const text = file.content.toString('utf8')
  const whole = { severity: 'error', address: null, file: file.path, line: null, column: null, snippet: null } as const
  const unreadable = (detail: string): Read => ({
    complaints: [{ ...whole, summary: 'the file cannot be read', detail: detail.slice(0, 2_000) }],
  })
  if (file.content.length > fileBytesMax) return unreadable(`it has more than ${fileBytesMax} bytes`)
  if (file.path.endsWith('.json')) {
    const parsed = parseJson(text)
    return parsed instanceof Error ? unreadable(parsed.message) : { blocks: [parsed].flat().map(Object) }
  }
  const answer = await hcl.read({ path: file.path, text })
  if (answer.kind === 'parsed') return { blocks: [Object(answer.parsed)] }
  if (answer.kind === 'broken') return unreadable(answer.message)
  const complaints = [...answer.message.matchAll(complaintsOf(file.path))].map((found): Diagnostic => {
    const [line, column] = [Number(found[1]), Number(found[2])]
    const snippet = text.split('\n')[line - 1] ?? null
    return { ...whole, line, column, snippet, summary: found[3]!, detail: found[4]! }
  })
  return complaints.length > 0 ? { complaints } : unreadable(answer.message)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (thrown) {
    return toError(thrown)
  }
}

/** `[main.tf:2,9-3,1: Invalid expression; Expected the start of one. main.tf:7,1-2: …; …, and 1 other diagnostic(s)]` */
function complaintsOf(path: string): RegExp {
  const place = String.raw`${RegExp.escape(path)}:(\d+),(\d+)-(?:\d+,)?\d+: `
  const next = place.replaceAll('(\\d+)', '\\d+')
  return new RegExp(String.raw`${place}([^;]*); ([^]*?)(?= ${next}|, and \d+ other|\]$|$)`, 'g')
}

/** Variables that files of the template itself give values to, as Terraform finds them. */
async function setInFiles(source: readonly SourceFile[], hcl: HclReader): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for (const file of source) {
    if (!/^(terraform|[^/]+\.auto)\.tfvars(\.json)?$/.test(file.path)) continue
    const read = await readFile(file, hcl)
    // A file with an error in it Terraform names better than we do.
    if ('blocks' in read) for (const name of read.blocks.flatMap(Object.keys)) names.add(name)
  }
  return names
}

function readVariable(name: string, body: Record<string, unknown>, set: ReadonlySet<string>): TemplateVariable {
  const hasDefault = 'default' in body
  const value = body['default']
  return {
    name,
    description: text(body['description']),
    type: expression(body['type']),
    defaultValue: !hasDefault ? null : typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value),
    required: !hasDefault && !set.has(name),
    sensitive: isTrue(body['sensitive']),
    ephemeral: isTrue(body['ephemeral']),
    validations: [body['validation'] ?? []].flat().map((one) => {
      const { condition, error_message: errorMessage } = Object(one)
      return { condition: expression(condition), errorMessage: text(errorMessage) }
    }),
  }
}

const isTrue = (value: unknown): boolean => value === true || value === 'true'
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Expressions are given as `${…}`, in which text stands for itself. */
function expression(value: unknown): string {
  const given = typeof value === 'boolean' ? String(value) : text(value)
  return /^\$\{([^]*)\}$/.exec(given)?.[1]?.trim() ?? given
}
