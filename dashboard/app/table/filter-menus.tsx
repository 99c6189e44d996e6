import { ChevronDown } from 'lucide-react'
import { buttonClass } from '../ui/button.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Menu } from '../ui/menu.tsx'
import type { QueryKey } from './query-bar.tsx'
import { parseQuery, queryText, valueOf, withTerm } from './query.ts'

/** One menu for each key: the same filter as in the query bar, for the pointer. */
export function FilterMenus({
  text,
  keys,
  onNeed,
  onChange,
}: {
  text: string
  keys: readonly QueryKey[]
  onNeed: (() => void) | undefined
  onChange: (text: string) => void
}) {
  const query = parseQuery(
    text,
    keys.map(({ key }) => key),
  )
  return keys
    .filter(({ menu = true }) => menu)
    .map(({ key, values }) => {
      const value = valueOf(query, key)
      const words = key.replaceAll('_', ' ')
      const choose = (next: string | null) => onChange(queryText(withTerm(query, key, next)))
      return (
        <Menu
          key={key}
          label={value === null ? `Filter by ${words}` : `Filter by ${words}: ${value}`}
          className={buttonClass('plain', value === null ? 'min-h-9' : 'min-h-9 border-link text-link')}
          {...(onNeed !== undefined && { onOpen: onNeed })}
          empty="Nothing recorded yet"
          trigger={
            <>
              <span className="max-w-40 truncate">
                {words[0]!.toUpperCase() + words.slice(1)}
                {value !== null && (
                  <>
                    : <HostileLine text={value} />
                  </>
                )}
              </span>
              <ChevronDown size={14} aria-hidden className="text-muted" />
            </>
          }
          items={
            values.length === 0
              ? []
              : [
                  { label: 'Any', checked: value === null, onSelect: () => choose(null) },
                  ...values.map((one) => ({
                    label: <HostileLine text={one} />,
                    checked: value === one,
                    onSelect: () => choose(one),
                  })),
                ]
          }
        />
      )
    })
}
