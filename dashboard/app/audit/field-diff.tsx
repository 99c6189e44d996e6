import type { AuditEvent } from '@reeve/sdk'
import { HostileText } from '../ui/hostile-text.tsx'
import { secretChange, textsOf, valueText } from './words.ts'

type Change = AuditEvent['diff'][string]

/** What each field was and is; of lists, what came and went; of secrets, only that they changed. */
export function FieldDiff({ diff }: { diff: AuditEvent['diff'] }) {
  const fields = Object.entries(diff)
  if (fields.length === 0) return <p className="text-muted">No field was changed.</p>
  return (
    <table className="w-full table-fixed border-separate border-spacing-0 text-left">
      <caption className="sr-only">Changed fields</caption>
      <thead className="text-xs text-muted">
        <tr>
          {['Field', 'Before', 'After'].map((title) => (
            <th key={title} scope="col" className="border-b border-line py-1 pr-3 font-medium">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {fields.map(([field, change]) => (
          <tr key={field} className="align-top">
            <th scope="row" className="border-b border-line py-1.5 pr-3 font-normal">
              <HostileText text={field} />
            </th>
            <Sides change={change} />
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const cell = 'border-b border-line py-1.5 pr-3'

function Sides({ change }: { change: Change }) {
  if (change.secret) {
    return (
      <td colSpan={2} className={`${cell} text-muted`}>
        {secretChange(change)}, a secret
      </td>
    )
  }
  const [before, after] = [textsOf(change.old), textsOf(change.new)]
  if (before !== null && after !== null) {
    return (
      <>
        <td className={cell}>
          <Items items={before} others={after} gone />
        </td>
        <td className={cell}>
          <Items items={after} others={before} />
        </td>
      </>
    )
  }
  return (
    <>
      <td className={`${cell} text-muted`}>
        <Value value={change.old} />
      </td>
      <td className={cell}>
        <Value value={change.new} />
      </td>
    </>
  )
}

function Items({
  items,
  others,
  gone = false,
}: {
  items: readonly string[]
  others: readonly string[]
  gone?: boolean
}) {
  if (items.length === 0) return <span className="text-muted">none</span>
  return (
    <ul>
      {items.map((item) => {
        const kept = others.includes(item)
        if (kept)
          return (
            <li key={item}>
              <HostileText text={item} />
            </li>
          )
        return (
          <li key={item} className={gone ? 'text-bad' : 'text-ok'}>
            {gone ? (
              <del className="no-underline">
                <Marked mark="−" text={item} />
              </del>
            ) : (
              <ins className="no-underline">
                <Marked mark="+" text={item} />
              </ins>
            )}
          </li>
        )
      })}
    </ul>
  )
}

const Marked = ({ mark, text }: { mark: string; text: string }) => (
  <span className="flex gap-1">
    <span aria-hidden>{mark}</span>
    <HostileText text={text} />
  </span>
)

function Value({ value }: { value: unknown }) {
  if (typeof value === 'object' && value !== null) {
    return (
      <div className="mono max-h-60 overflow-y-auto text-xs" tabIndex={0} role="group" aria-label="Value">
        <HostileText text={JSON.stringify(value, null, 2)} />
      </div>
    )
  }
  const isNothing = value === null || value === undefined || value === ''
  return isNothing ? <span className="text-muted">{valueText(value)}</span> : <HostileText text={valueText(value)} />
}
