import { Link } from '@tanstack/react-router'
import { Ellipsis, PanelLeftClose, PanelLeftOpen } from 'lucide-react'
import { useState } from 'react'
import { setPreference, usePreference } from '../hooks/use-preference.ts'
import { IconButton } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { type Entry, places } from './navigation.ts'

/** A strip at the bottom of a narrow screen has room for five. */
const stripMax = 5

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" className="size-6 shrink-0 text-link" aria-hidden>
      <rect width="32" height="32" rx="7" fill="currentColor" />
      <path
        d="M10 25V7h7a5.5 5.5 0 0 1 0 11h-7m6.5 0 6 7"
        fill="none"
        stroke="var(--on-link)"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}

/** The places of the console: a rail on the left, a strip at the bottom where the screen is narrow. */
export function Rail({ entries }: { entries: readonly Entry[] }) {
  const open = usePreference('rail') === 'open'
  const [all, setAll] = useState(false)
  const inStrip = new Set(entries.length <= stripMax ? entries : entries.slice(0, stripMax - 1))
  const groups = [...new Set(entries.map(({ group }) => group))]
  return (
    <nav
      aria-label="Main"
      className={`no-print fixed inset-x-0 bottom-0 z-30 border-t border-line bg-raised md:static md:flex md:flex-col md:border-t-0 md:border-r ${open ? 'md:w-52' : 'md:w-14'}`}
    >
      <div className="hidden h-12 items-center gap-2 px-4 md:flex">
        <Mark />
        {open && <span className="text-base font-semibold tracking-tight">Reeve</span>}
      </div>
      <div className="flex justify-around gap-1 px-1 md:flex-1 md:flex-col md:justify-start md:overflow-y-auto md:px-2 md:pt-1">
        {groups.map((group) => (
          <div key={group} className="contents md:mb-3 md:block">
            {open ? (
              <h2 className="hidden px-2 py-1 text-xs font-medium text-muted md:block">{group}</h2>
            ) : (
              <div className="hidden h-2 md:block" />
            )}
            {entries
              .filter((entry) => entry.group === group)
              .map((entry) => (
                <RailLink
                  key={entry.to}
                  entry={entry}
                  open={open}
                  className={inStrip.has(entry) ? 'flex' : 'hidden md:flex'}
                />
              ))}
          </div>
        ))}
        {inStrip.size < entries.length && (
          <button
            type="button"
            aria-haspopup="dialog"
            className={`flex md:hidden ${link}`}
            onClick={() => setAll(true)}
          >
            <Ellipsis size={16} aria-hidden />
            More
          </button>
        )}
      </div>
      {all && <AllPlaces entries={entries} onClose={() => setAll(false)} />}
      <div className="hidden p-2 md:block">
        <IconButton
          label={open ? 'Collapse the navigation' : 'Expand the navigation'}
          icon={open ? <PanelLeftClose size={16} aria-hidden /> : <PanelLeftOpen size={16} aria-hidden />}
          onClick={() => setPreference('rail', open ? 'closed' : 'open')}
          className={open ? '' : 'w-full'}
        />
      </div>
    </nav>
  )
}

const link =
  'min-h-12 min-w-14 flex-col items-center justify-center gap-0.5 rounded-md text-xs text-muted hover:bg-hover hover:text-text aria-[current=page]:bg-tint aria-[current=page]:font-medium aria-[current=page]:text-link md:min-h-8 md:min-w-0 md:flex-row md:justify-start md:gap-2.5 md:px-2 md:text-sm'

/** The page of an entry, or one below it that is not an entry of its own. */
const activeOptions = ({ to }: Entry) => ({
  includeSearch: false,
  exact: places.some((other) => other.to.startsWith(`${to}/`)),
})

function RailLink({ entry, open, className }: { entry: Entry; open: boolean; className: string }) {
  const { to, title, short, letter, icon: Icon } = entry
  return (
    <Link
      to={to}
      title={`${title} (g ${letter})`}
      aria-keyshortcuts={`g ${letter}`}
      aria-label={title}
      className={`${className} ${link}`}
      activeProps={{ 'aria-current': 'page' }}
      activeOptions={activeOptions(entry)}
    >
      <Icon size={16} aria-hidden className="shrink-0 md:mx-0.5" />
      <span className="md:hidden">{short}</span>
      {open && <span className="hidden md:inline">{title}</span>}
    </Link>
  )
}

/** What the strip has no room for, with the rest. */
function AllPlaces({ entries, onClose }: { entries: readonly Entry[]; onClose: () => void }) {
  return (
    <Dialog title="All pages" onClose={onClose}>
      <ul className="grid grid-cols-2 gap-1">
        {entries.map((entry) => (
          <li key={entry.to}>
            <Link
              to={entry.to}
              onClick={onClose}
              activeProps={{ 'aria-current': 'page' }}
              activeOptions={activeOptions(entry)}
              className="flex min-h-11 items-center gap-2.5 rounded-md px-2 hover:bg-hover aria-[current=page]:bg-tint aria-[current=page]:text-link"
            >
              <entry.icon size={16} aria-hidden className="shrink-0" />
              {entry.title}
            </Link>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
