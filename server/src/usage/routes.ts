import { endpoints, type UsageReport } from '@reeve/sdk'
import { csvCells } from '../http/csv-cells.ts'
import { implement, implementBytes, type Route, signedIn } from '../http/implement.ts'
import { reportUsage, rowsMax, type Usage } from './usage.ts'

const topDefault = 50

export function usageRoutes(usage: Usage): Route[] {
  return [
    implement(endpoints.getUsage, ({ query: { top = topDefault, ...query } }, scope) =>
      reportUsage(usage, signedIn(scope), query, top),
    ),
    implementBytes(endpoints.exportUsage, async ({ query }, scope) => {
      const report = await reportUsage(usage, signedIn(scope), query, rowsMax)
      const [from, to] = [report.from.slice(0, 10), report.to.slice(0, 10)]
      return {
        bytes: Buffer.from(usageFile(report)),
        contentType: 'text/csv; charset=utf-8',
        fileName: `reeve-usage-${from}-${to}.csv`,
      }
    }),
  ]
}

/** A line for each row; no total, which whoever adds up the column would add to itself. */
function usageFile({ group_by, rows, total }: UsageReport): string {
  // SAFETY: the keys of an object of the contract's own type.
  const counts = Object.keys(total) as (keyof typeof total)[]
  const header = csvCells([group_by, 'name', ...counts])
  return header + rows.map((row) => csvCells([row.key, row.name, ...counts.map((name) => row[name])])).join('')
}
