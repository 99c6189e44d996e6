import { tool } from './run.ts'

/** What must hold of the sources before they are run. */
export const checks: readonly { readonly name: string; readonly run: () => Promise<boolean> }[] = [
  { name: 'types', run: () => tool('typescript/bin/tsc', ['--project', '.']) },
  { name: 'types of the dashboard', run: () => tool('typescript/bin/tsc', ['--project', 'dashboard']) },
  { name: 'types of the browser tests', run: () => tool('typescript/bin/tsc', ['--project', 'test/browser']) },
  { name: 'lint', run: () => tool('oxlint/bin/oxlint', ['--deny-warnings']) },
  { name: 'format', run: () => tool('prettier/bin/prettier.cjs', ['--check', '--log-level=warn', '.']) },
]

/** The names of those that do not hold. All run at once: each is busy with one core. */
export async function failedChecks(): Promise<string[]> {
  process.stdout.write(`checks: ${checks.map(({ name }) => name).join(', ')}\n`)
  const held = await Promise.all(checks.map(({ run }) => run()))
  return checks.filter((_, index) => held[index] !== true).map(({ name }) => name)
}
