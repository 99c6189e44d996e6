import { figure, type Finding, isMet } from './finding.ts'
import { portkeyVersion } from './portkey.ts'

/** The rows of the performance goal in one table: those among the targets of the questions that name one. */
export function goals(findings: readonly Finding[], missing: string): string {
  const rows = findings
    .flatMap(({ targets }) => targets)
    .flatMap((target) => {
      const [, row, what] = /^(G\d) (.*)$/.exec(target.name) ?? []
      return row === undefined || what === undefined ? [] : [{ ...target, row, what }]
    })
    .toSorted((a, b) => a.row.localeCompare(b.row))
  return [
    '## The performance goal',
    '',
    missing === ''
      ? `Portkey is version ${portkeyVersion} from npm on the same Node, with @hono/node-server 1.14.1: with what a plain installation takes, it answers every streaming request with 500.`
      : `Portkey skipped: ${missing}.`,
    '',
    '| row | | measured | goal | |',
    '| --- | --- | --: | --: | --- |',
    ...rows.map(
      (it) =>
        `| ${it.row} | ${it.what} | ${figure(it.measured)}${it.unit} | ${it.sense} ${figure(it.bound)}${it.unit} | ${isMet(it) ? 'met' : '**missed**'} |`,
    ),
    '',
  ].join('\n')
}
