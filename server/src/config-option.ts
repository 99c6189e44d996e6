import type { ValueType } from './config-types.ts'

/** One setting: where it may be written, how its text becomes a value, and what people read about it. */
export interface Option<T> {
  readonly group:
    | 'Server'
    | 'Sign-in'
    | 'Identity provider'
    | 'Operation'
    | 'AI Bridge'
    | 'Templates'
    | 'Workspaces'
    | 'Notifications'
  readonly env: string
  /** `--http-address` for REEVE_HTTP_ADDRESS. */
  readonly flag: string
  readonly yaml: string
  readonly type: ValueType<T>
  /** The default, written as the setting would be; null leaves it unset. */
  readonly fallback: string | null
  /** How the reference prints a default that depends on the machine or on other settings. */
  readonly fallbackLabel?: string
  readonly description: string
  /** Never printed; can be read from a file named by the same name with `_FILE` (`-file`, `_file`) at its end. */
  readonly secret: boolean
  /** Environment variables of other products, and of later names of this one, that mean the same. */
  readonly aliases: readonly string[]
}

interface Spec<T> {
  env: string
  yaml: string
  type: ValueType<T>
  fallbackLabel?: string
  description: string
  secret?: boolean
  aliases?: readonly string[]
}

function build<T>(group: Option<T>['group'], fallback: string | null, spec: Spec<T>): Option<T> {
  const flag = `--${spec.env
    .replace(/^REEVE_/, '')
    .toLowerCase()
    .replaceAll('_', '-')}`
  return { group, flag, fallback, secret: false, aliases: [], ...spec }
}

/** A setting that always has a value, and one that may be left unset. */
export const option = <T>(group: Option<T>['group'], fallback: string, spec: Spec<T>) => build<T>(group, fallback, spec)
export const optional = <T>(group: Option<T>['group'], spec: Spec<T>): Option<T | null> =>
  build<T | null>(group, null, spec)
