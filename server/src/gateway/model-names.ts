/** So many models of one provider are told apart; few people use more of one. */
const modelsMax = 50
/** What providers call their models. */
const plain = /^[\w.:/@+-]{1,100}$/

/**
 * Models as labels. Clients write whatever they like where the name of a model belongs, and some providers answer to
 * anything: only a name that a provider has answered well to is one, and of those no more than so many.
 */
export interface ModelNames {
  /** The provider has answered well to this name. */
  learn(provider: string, model: string): void
  /** `none` where a request names no model, `other` for names that are not known. */
  label(provider: string, model: string): string
}

export function createModelNames(): ModelNames {
  const known = new Map<string, Set<string>>()
  return {
    learn(provider, model) {
      const names = known.get(provider) ?? new Set()
      if (names.size >= modelsMax || !plain.test(model)) return
      known.set(provider, names.add(model))
    },
    label(provider, model) {
      if (model === '') return 'none'
      return known.get(provider)?.has(model) === true ? model : 'other'
    },
  }
}
