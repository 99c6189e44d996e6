import { Fault } from '@reeve/base'

/** Patterns as they are typed: one on each line, or with spaces or commas between them. */
export const patternsIn = (text: string): string[] => [...new Set(text.split(/[\s,]+/).filter((part) => part !== ''))]

export const patternText = (patterns: readonly string[] | null): string => (patterns ?? []).join('\n')

/** What is wrong with one pattern is told at the field that it stands in, and names it. */
export function atFields(fault: Fault | null, lists: Readonly<Record<string, readonly string[] | null>>): Fault | null {
  if (fault === null) return null
  const problems = fault.problems.map(({ field, detail }) => {
    const [name = '', at] = field.split('.')
    const pattern = at === undefined ? undefined : lists[name]?.[Number(at)]
    return pattern === undefined ? { field, detail } : { field: name, detail: `${pattern}: ${detail}` }
  })
  const { code, message, fix } = fault
  return new Fault(code, message, { problems, cause: fault, ...(fix === undefined ? {} : { fix }) })
}
