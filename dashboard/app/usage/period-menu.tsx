import { systemClock } from '@reeve/base'
import { CalendarDays, ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { buttonClass } from '../ui/button.tsx'
import type { Zone } from '../ui/instant.ts'
import { Menu } from '../ui/menu.tsx'
import { askedPeriod, dateIn, daysAfter, type Period, periodTitle, presets } from './period.ts'

/** Which days: some of the last, which stay relative in the URL, or from one day to another. */
export function PeriodMenu({
  period,
  zone,
  onChange,
}: {
  period: Period
  zone: Zone
  onChange: (period: Period) => void
}) {
  const [custom, setCustom] = useState(false)
  const title = periodTitle(period)
  const isPreset = presets.some((preset) => preset.title === title)
  return (
    <>
      <Menu
        label={`Period: ${title}`}
        className={buttonClass('plain', 'min-h-9')}
        trigger={
          <>
            <CalendarDays size={14} aria-hidden />
            {title}
            <ChevronDown size={14} aria-hidden className="text-muted" />
          </>
        }
        items={[
          ...presets.map((preset) => ({
            label: preset.title,
            checked: title === preset.title,
            onSelect: () => onChange(preset.period),
          })),
          { label: 'From … to …', checked: !isPreset, onSelect: () => setCustom(true) },
        ]}
      />
      {custom && (
        <ChooseDays
          period={period}
          zone={zone}
          onChoose={(chosen) => {
            setCustom(false)
            onChange(chosen)
          }}
          onClose={() => setCustom(false)}
        />
      )}
    </>
  )
}

function ChooseDays({
  period,
  zone,
  onChoose,
  onClose,
}: {
  period: Period
  zone: Zone
  onChoose: (period: Period) => void
  onClose: () => void
}) {
  const now = systemClock.now()
  const today = dateIn(zone, now)
  const asked = askedPeriod(period, zone, now)
  const [first, setFirst] = useState(asked.from ?? daysAfter(today, -29))
  const [last, setLast] = useState(asked.to === undefined ? today : daysAfter(asked.to, -1))
  return (
    <FormDialog
      title="Period"
      verb="Show"
      busy={false}
      fault={null}
      fields={[]}
      ready={first !== '' && last !== '' && first <= last}
      onSubmit={(form) => onChoose({ from: textOf(form, 'first'), to: daysAfter(textOf(form, 'last'), 1) })}
      onClose={onClose}
    >
      <Field
        label="First day"
        name="first"
        type="date"
        value={first}
        onChange={(event) => setFirst(event.target.value)}
      />
      <Field
        label="Last day"
        name="last"
        type="date"
        value={last}
        min={first}
        hint={zone === 'utc' ? 'Days of UTC, both included.' : 'Days of your own time zone, both included.'}
        onChange={(event) => setLast(event.target.value)}
      />
    </FormDialog>
  )
}
