import { type Blocks, entries } from './blocks.ts'
import { type Engine, isAtLeast } from './engine.ts'
import type { SourceFile } from './source-file.ts'

/** What the files of a folder say together. */
export interface Configuration {
  readonly files: readonly Blocks[]
  /** In the order in which they are laid over the others. */
  readonly overrides: readonly Blocks[]
}

/**
 * The files of a folder that make up its configuration, by name. OpenTofu has a `.tofu` file go before the `.tf` file
 * of the same name, since 1.8; Terraform does not know of it.
 */
export function configurationFiles(source: readonly SourceFile[], engine: Pick<Engine, 'name' | 'version'>) {
  const endings = engine.name === 'tofu' && isAtLeast(engine, 1, 8) ? 'tf|tofu' : 'tf'
  const mine = new RegExp(String.raw`^[^./][^/]*\.(?:${endings})(?:\.json)?$`)
  const files = source.filter(({ path }) => mine.test(path)).toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const names = new Set(files.map(({ path }) => path))
  return files.filter(({ path }) => {
    const instead = path.replace(/\.tf(\.json)?$/, '.tofu$1')
    return instead === path || !names.has(instead)
  })
}

/** Whether Terraform or OpenTofu reads a file of this name. */
export const isConfiguration = (path: string): boolean => /\.(?:tf|tofu)(?:\.json)?$/.test(path)

/** Whether a file is laid over the others, by its name. */
export const isOverride = (path: string): boolean => /^(?:.*_)?override\.(?:tf|tofu)(?:\.json)?$/.test(path)

/** The blocks of one kind, such as `data`, `coder_parameter`, with what overrides say of them. */
export function declared(configuration: Configuration, ...kind: readonly string[]): ReturnType<typeof entries> {
  const found = (file: Blocks) => {
    // JSON has a list of objects wherever it has an object of several labels.
    const within = kind.reduce<unknown[]>((all, name) => all.flatMap((one) => [Object(one)[name] ?? []].flat()), [file])
    return within.flatMap(entries)
  }
  const laid = configuration.overrides.flatMap(found)
  return configuration.files.flatMap(found).map(([label, body]) => {
    const over = laid.filter(([name]) => name === label).map(([, arguments_]) => arguments_)
    return [label, Object.assign({}, body, ...over)]
  })
}
