import type { CheckedRule } from '@reeve/sdk'
import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

const shownFirst = 6

const words: Readonly<Record<NonNullable<CheckedRule['differs']>, string>> = {
  host: 'another host',
  port: 'another port',
  method: 'another method',
  path: 'another path',
  process: 'another process',
  expired: 'has expired',
  command: 'another command',
}

/** The rules that were looked at, in their order, and what kept each from matching. */
export function CheckedRules({ checked }: { checked: readonly CheckedRule[] }) {
  const [all, setAll] = useState(false)
  if (checked.length === 0) return <p className="text-muted">There was no rule to look at.</p>
  // What nearly matched says more than another host.
  const near = [...checked.filter(isNear), ...checked.filter((rule) => !isNear(rule))]
  const shown = all ? checked : near.slice(0, shownFirst)
  return (
    <div className="space-y-2">
      <table className="w-full text-left">
        <caption className="sr-only">Rules that were looked at</caption>
        <thead className="text-xs text-muted">
          <tr>
            <th scope="col" className="pr-3 font-medium">
              Rule
            </th>
            <th scope="col" className="pr-3 font-medium">
              Says
            </th>
            <th scope="col" className="font-medium">
              Here
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ rule, policy, summary, differs }, at) => (
            <tr key={`${policy} ${rule} ${at}`} className="border-t border-line align-top">
              <td className="max-w-36 truncate py-1 pr-3" title={`${policy} ${rule}`}>
                <HostileLine text={rule} />
              </td>
              <td className="mono py-1 pr-3 wrapped">
                <HostileLine text={summary} />
              </td>
              <td className={`py-1 whitespace-nowrap ${differs === null ? 'font-medium text-ok' : 'text-muted'}`}>
                {differs === null ? 'matches' : words[differs]}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {checked.length > shown.length && (
        <Button tone="quiet" onClick={() => setAll(true)}>
          Show all {checked.length} rules
        </Button>
      )}
    </div>
  )
}

const isNear = ({ differs }: CheckedRule): boolean => differs !== 'host'
