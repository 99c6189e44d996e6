import { CalendarClock, ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { textOf } from '../forms/field.tsx'
import { Button, buttonClass } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import type { Zone } from '../ui/instant.ts'
import { Menu } from '../ui/menu.tsx'
import { presets, type Range, rangeTitle } from './range.ts'

/** When: a relative preset that stays relative in the URL, or two instants. */
export function RangeMenu({ range, zone, onChange }: { range: Range; zone: Zone; onChange: (range: Range) => void }) {
  const [custom, setCustom] = useState(false)
  const title = rangeTitle(range)
  return (
    <>
      <Menu
        label={`Time range: ${title}`}
        className={buttonClass('plain', 'min-h-9')}
        trigger={
          <>
            <CalendarClock size={14} aria-hidden />
            {title}
            <ChevronDown size={14} aria-hidden className="text-muted" />
          </>
        }
        items={[
          { label: 'All time', checked: title === 'All time', onSelect: () => onChange({}) },
          ...presets.map(({ from, title: label }) => ({
            label,
            checked: title === label,
            onSelect: () => onChange({ from }),
          })),
          { label: 'From … to …', checked: range.to !== undefined, onSelect: () => setCustom(true) },
        ]}
      />
      {custom && (
        <Dialog title="Time range" onClose={() => setCustom(false)}>
          <form
            className="space-y-4"
            onSubmit={(event) => {
              event.preventDefault()
              const form = new FormData(event.currentTarget)
              const bound = (name: string) => readBound(textOf(form, name), zone)
              const [from, to] = [bound('from'), bound('to')]
              onChange({ ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) })
              setCustom(false)
            }}
          >
            <p className="text-muted">Times are {zone === 'utc' ? 'UTC' : 'local'}; the end itself is not included.</p>
            {(['from', 'to'] as const).map((name) => (
              <label key={name} className="block">
                <span className="mb-1 block font-medium">{name === 'from' ? 'From' : 'To'}</span>
                <input
                  type="datetime-local"
                  step={1}
                  name={name}
                  className="h-9 w-full rounded-md border border-control bg-page px-2.5"
                />
              </label>
            ))}
            <div className="flex justify-end">
              <Button type="submit" tone="primary">
                Apply
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  )
}

function readBound(text: string, zone: Zone): string | null {
  const at = new Date(zone === 'utc' && text !== '' ? `${text}Z` : text)
  return Number.isNaN(at.getTime()) ? null : at.toISOString()
}
