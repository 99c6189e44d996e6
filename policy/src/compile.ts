import { compileCommand, type CompiledCommand } from './command-pattern.ts'
import type { AddressClass, FilePolicy, PolicyDocument, Tier } from './document.ts'
import { joinFiles } from './files.ts'
import { addressClasses, askWaitSecondsMax } from './parse-network.ts'
import { indexRules, type RuleIndex } from './rule-index.ts'

/** One document among those that hold together, the widest scope first. */
export interface PolicyLayer {
  /** Name and version: `claude-task@v17`. Stands in every decision. */
  readonly label: string
  readonly document: PolicyDocument
  /** An approved access request: its rules allow what no layer denies by a rule, and say nothing else. */
  readonly grant?: boolean
}

export interface CompiledLayer {
  readonly label: string
  readonly document: PolicyDocument
  readonly deniedClasses: readonly AddressClass[]
  readonly rules: RuleIndex
  readonly commands: readonly CompiledCommand[]
}

/**
 * Layers that hold together. Each must allow: a layer below can take away and cannot give, but where a rule above is
 * `extendable`. Made once for each version of the policy; deciding only reads it.
 */
export interface CompiledPolicy {
  readonly mode: 'enforce' | 'observe'
  readonly min_tier: Tier
  readonly files: FilePolicy
  /** How long a request waits for the answer of a person. */
  readonly askWaitMs: number
  readonly layers: readonly CompiledLayer[]
  readonly grants: readonly CompiledLayer[]
}

export function compilePolicy(all: readonly PolicyLayer[]): CompiledPolicy {
  const layers = all.filter(({ grant }) => grant !== true)
  const documents = layers.map(({ document }) => document)
  const tiers = documents.map(({ min_tier }) => min_tier)
  return {
    // One layer that means it is enough.
    mode: documents.length > 0 && documents.every(({ mode }) => mode === 'observe') ? 'observe' : 'enforce',
    min_tier: tiers.includes(1) ? 1 : tiers.includes(2) ? 2 : 3,
    askWaitMs:
      1000 * Math.min(askWaitSecondsMax, ...documents.flatMap(({ network }) => network.ask_wait_seconds ?? [])),
    files: joinFiles(documents.flatMap(({ files }) => files ?? [])),
    layers: layers.map(compileLayer),
    grants: all.filter(({ grant }) => grant === true).map(compileLayer),
  }
}

function compileLayer({ label, document }: PolicyLayer): CompiledLayer {
  const { network, commands } = document
  return {
    label,
    document,
    deniedClasses: addressClasses.filter((name) => network.deny_address_classes.includes(name)),
    rules: indexRules(network.rules),
    commands: commands.map(compileCommand),
  }
}
