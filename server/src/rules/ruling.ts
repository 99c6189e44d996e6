import type { Denial } from '@reeve/bridge'
import { matches, nameCharsMax, type Pattern } from './patterns.ts'

/**
 * What rules come to for one person. Pure.
 *
 * The organization's rules bound everybody: what they deny, no group gives back. Groups narrow it for their members.
 * Somebody in several groups may do what at least one of them allows; but only those are asked that say something about
 * models, or about tools. A group that says nothing gives nothing, or it would undo what the others say.
 */
export interface RuleSet {
  readonly holder: { readonly kind: 'organization' | 'group'; readonly name: string }
  /** Null where it says nothing about models. */
  readonly models: readonly Pattern[] | null
  /** Null for all that are not denied. */
  readonly toolsAllowed: readonly Pattern[] | null
  readonly toolsDenied: readonly Pattern[]
  /** Whom to ask; ends a sentence. */
  readonly contact: string
}

/** The sets of which one has to allow a model, or a tool, at each of two levels. */
export interface Ruling {
  readonly models: readonly (readonly RuleSet[])[]
  readonly tools: readonly (readonly RuleSet[])[]
}

export function rulingOf(organization: RuleSet | null, groups: readonly RuleSet[]): Ruling {
  const levels = [organization === null ? [] : [organization], groups]
  const said = (says: (set: RuleSet) => boolean) =>
    levels.map((sets) => sets.filter(says)).filter(({ length }) => length)
  return {
    models: said(({ models }) => models !== null),
    tools: said(({ toolsAllowed, toolsDenied }) => toolsAllowed !== null || toolsDenied.length > 0),
  }
}

export function decideModel(
  ruling: Ruling,
  asked: { readonly provider: string; readonly model: string },
): Denial | null {
  const denying = ruling.models.find((sets) => !sets.some(({ models }) => allowsModel(models ?? [], asked)))
  if (denying === undefined) return null
  const what =
    asked.model === '' ? 'A request that names no model' : `The model ${shown(asked.model)} (${shown(asked.provider)})`
  const instead = [...new Set(denying.flatMap(({ models }) => (models ?? []).map(({ text }) => text)))]
  return denied('models', what, denying, instead)
}

/** A pattern with a slash names the provider as well: a model of the same name elsewhere is another one. */
export function allowsModel(
  patterns: readonly Pattern[],
  { provider, model }: { readonly provider: string; readonly model: string },
): boolean {
  if (model.length > nameCharsMax) return false
  return patterns.some((pattern) => matches(pattern, pattern.text.includes('/') ? `${provider}/${model}` : model))
}

export function decideTool(ruling: Ruling, name: string): Denial | null {
  const denying = ruling.tools.find((sets) => !sets.some((set) => allowsTool(set, name)))
  return denying === undefined ? null : denied('tools', `The tool ${shown(name)}`, denying, [])
}

function allowsTool({ toolsAllowed, toolsDenied }: RuleSet, name: string): boolean {
  const isNamed = (pattern: Pattern) => matches(pattern, name) || matches(pattern, withoutNamespace(name))
  if (name.length > nameCharsMax || toolsDenied.some(isNamed)) return false
  return toolsAllowed === null || toolsAllowed.some(isNamed)
}

/** Codex has its own tools in a namespace, and a model may name it with a call or leave it out. */
const withoutNamespace = (name: string): string => name.replace(/^functions\./, '')

const insteadMax = 5

function denied(about: 'models' | 'tools', what: string, sets: readonly RuleSet[], instead: readonly string[]): Denial {
  const [first, ...others] = sets
  if (first === undefined) throw new RangeError('nothing denies where no rules are')
  const names = sets.map(({ holder }) => shown(holder.name))
  const holders = `${first.holder.kind}${others.length === 0 ? '' : 's'} ${listed(names, insteadMax, 'and')}`
  const where = first.holder.kind === 'group' ? `to members of the ${holders}` : `in the ${holders}`
  const use = instead.length === 0 ? '' : `use ${listed(instead, insteadMax, 'or')}, or `
  return { rule: `${about} of ${holders}`, message: `${what} is not allowed ${where}; ${use}ask ${first.contact}.` }
}

function listed(names: readonly string[], most: number, word: 'and' | 'or'): string {
  const [few, more] = [names.slice(0, most), names.length - most]
  const parts = more > 0 ? [...few, `${more} more`] : few
  const last = parts.at(-1) ?? ''
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} ${word} ${last}`
}

/** A name that came with a request, or from an identity provider, as it may stand in a sentence. */
const shown = (name: string): string => {
  const plain = name.replace(/[\p{C}\p{Z}]+/gu, ' ').trim()
  return plain.length > 80 ? `${plain.slice(0, 79)}…` : plain
}
