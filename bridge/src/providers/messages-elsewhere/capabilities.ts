import type { Capability, KnownCapability } from './capability.ts'
import { fits } from './pattern.ts'

/** What is built in for a provider. The last row fits whatever none before it does. */
export interface BuiltIn {
  readonly rows: readonly KnownCapability[]
  /** Betas that have other names there. */
  readonly otherNames: Readonly<Record<string, readonly string[]>>
}

/** The first row that fits counts, of the given ones and, for what that does not say, of the built-in ones. */
export function capabilityOf(model: string, rows: readonly Capability[], { rows: builtIn }: BuiltIn): KnownCapability {
  const known = builtIn.find(({ models }) => fits(models, model)) ?? builtIn.at(-1)!
  const row = rows.find(({ models }) => fits(models, model))
  return {
    models: row?.models ?? known.models,
    betas: row?.betas ?? known.betas,
    thinking: row?.thinking ?? known.thinking,
    omit: row?.omit ?? known.omit,
    needs: row?.needs ?? known.needs,
  }
}
