import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'

/** Writes the lines of a script to the file that its template names; `''` is no file. Throws nothing: a full disk costs lines. */
export function scriptLog(
  logPath: string,
  { env, directory }: { readonly env: Readonly<Record<string, string>>; readonly directory: string },
): (line: string) => void {
  if (logPath === '') return () => {}
  const path = placeOf(logPath, env, directory)
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch {
    return () => {}
  }
  return (line) => {
    try {
      appendFileSync(path, `${line}\n`)
    } catch {
      // What the control plane keeps is the record.
    }
  }
}

/** `~` and variables are those of the scripts; a relative path is one of the folder that they run in. */
function placeOf(given: string, env: Readonly<Record<string, string>>, directory: string): string {
  const home = given.startsWith('~/') ? join(env['HOME'] ?? directory, given.slice(2)) : given
  const path = home.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, plain) => env[braced ?? plain] ?? '')
  return isAbsolute(path) ? path : join(directory, path)
}
