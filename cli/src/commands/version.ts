import type { Context } from '../context.ts'
import { type Answer, oneText } from '../output/answer.ts'
import { version } from '../version.ts'

export async function showVersion(context: Context): Promise<Answer> {
  const row = { version, ...context.io.runtime }
  const columns = [
    { name: 'version', value: (it: typeof row) => it.version, priority: 0 },
    { name: 'node', value: (it: typeof row) => it.node, priority: 1 },
    { name: 'platform', value: (it: typeof row) => it.platform, priority: 1 },
  ]
  return oneText(row, `reeve ${version} (Node ${row.node}, ${row.platform})`, columns, (it) => it.version)
}
