interface Named {
  readonly id: string
  readonly name: string
}

/**
 * People write the names of groups and organizations, the API takes their ids. A target that is nobody's name is left as
 * it is, so that an id can be written too and the server names what it does not know.
 */
export const namesForIds = <S extends Mapped>(settings: S, known: readonly Named[]): S =>
  withTargets(settings, new Map(known.map(({ id, name }) => [id, name])))

export const idsForNames = <S extends Mapped>(settings: S, known: readonly Named[]): S =>
  withTargets(settings, new Map(known.map(({ id, name }) => [name, id])))

interface Mapped {
  readonly mapping: Record<string, string[]>
}

function withTargets<S extends Mapped>(settings: S, words: ReadonlyMap<string, string>): S {
  const mapping = Object.fromEntries(
    Object.entries(settings.mapping).map(([value, targets]) => [value, targets.map((one) => words.get(one) ?? one)]),
  )
  return { ...settings, mapping }
}
