import { type SubjectName, subjectNames } from './rig.ts'
import type { Summaries, Summary } from './rounds.ts'

/** One stated target and whether it was met. */
export interface Target {
  readonly name: string
  readonly measured: number
  readonly bound: number
  readonly sense: 'at least' | 'at most'
  readonly unit: string
}

/** The answer to one question. */
export interface Finding {
  readonly question: string
  /** What was done, in a sentence. */
  readonly method: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly targets: readonly Target[]
  /** Anything that makes the figures doubtful; such a finding does not pass. */
  readonly doubts: readonly string[]
}

export function isMet({ measured, bound, sense }: Target): boolean {
  return sense === 'at least' ? measured >= bound : measured <= bound
}

export function atLeast(name: string, measured: number, bound: number, unit = ''): Target {
  return { name, measured, bound, sense: 'at least', unit }
}

export function atMost(name: string, measured: number, bound: number, unit = ''): Target {
  return { name, measured, bound, sense: 'at most', unit }
}

/** A target that is set by Portkey's figures; none where those are missing. */
export function against({ portkey }: Summaries, target: (portkey: Summary) => Target): Target[] {
  return portkey === null ? [] : [target(portkey)]
}

/** With more of the machine used by others, figures say little; a run may accept them, its findings do not. */
const foreignCoresMax = 0.3

/** Those that were measured, in order. */
export function summariesIn(summaries: Summaries): [SubjectName, Summary][] {
  return subjectNames.flatMap((name) => {
    const summary = summaries[name]
    return summary === null ? [] : [[name, summary] satisfies [SubjectName, Summary]]
  })
}

/** What disqualifies a set of measurements. */
export function doubtsAbout(label: string, summaries: Summaries): string[] {
  return summariesIn(summaries).flatMap(([name, summary]) => [
    // Portkey makes other bodies of what it is given; that is its way, and no fault of the measurement.
    ...(summary.wrongBodies > 0 && name !== 'portkey'
      ? [`${label}, ${name}: ${summary.wrongBodies} bodies differ from what was sent`]
      : []),
    ...(summary.failures.length > 0 ? [`${label}, ${name}: ${summary.failures.slice(0, 3).join('; ')}`] : []),
    ...(summary.requests === 0 ? [`${label}, ${name}: nothing was answered`] : []),
    ...(summary.foreignCores > foreignCoresMax
      ? [`${label}, ${name}: others used ${summary.foreignCores.toFixed(2)} cores meanwhile`]
      : []),
  ])
}

export function doubtsAboutLoad(foreignCores: number, most: number): string[] {
  return foreignCores > most ? [`others used ${foreignCores.toFixed(2)} cores meanwhile`] : []
}

export function figure(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** A finding as a section of Markdown. */
export function section(finding: Finding): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const verdict = (target: Target): string =>
    `- ${isMet(target) ? 'met' : '**missed**'}: ${target.name} ${figure(target.measured)}${target.unit} (${target.sense} ${figure(target.bound)}${target.unit})`
  return [
    `## ${finding.question}`,
    '',
    finding.method,
    '',
    line(finding.header),
    line(finding.header.map((_, at) => (at === 0 ? '---' : '--:'))),
    ...finding.rows.map(line),
    '',
    ...finding.targets.map(verdict),
    ...finding.doubts.map((doubt) => `- **doubtful**: ${doubt}`),
    '',
  ].join('\n')
}

/** Sections of a document, each in the place of the one with its heading, or at the end. */
export function withSections(document: string, sections: readonly string[]): string {
  const headingOf = (text: string): string => text.slice(0, text.indexOf('\n'))
  const parts = document.split(/^(?=## )/m)
  for (const text of sections) {
    const at = parts.findIndex((part) => headingOf(part) === headingOf(text))
    parts.splice(at < 0 ? parts.length : at, at < 0 ? 0 : 1, `${text.trimEnd()}\n\n`)
  }
  return `${parts.join('').trimEnd()}\n`
}
