import { fits, starOf } from './pattern.ts'

/** Which model is meant at a provider when a client names one. */
export interface ModelRule {
  /** What clients say; `*` stands for anything. */
  readonly from: string
  /** A model, an inference profile or the name of one as a resource. `*` stands for what it stands for in `from`. */
  readonly to: string
}

/** The first rule that fits counts; any other name is taken as it is. */
export function modelAt(asked: string, rules: readonly ModelRule[]): string {
  const rule = rules.find(({ from }) => fits(from, asked))
  return rule === undefined ? asked : rule.to.replace('*', () => starOf(rule.from, asked))
}

/** A part of a path: nothing that would lead elsewhere, however often it is unescaped. */
export const plainModel = /^(?!.*(?:^|\/)\.{0,2}(?:\/|$))[\w.:@/-]{1,200}$/
