import { setPreference, usePreference } from '../hooks/use-preference.ts'
import { Dialog } from '../ui/dialog.tsx'
import type { Entry } from './navigation.ts'

const common: readonly (readonly [string, string])[] = [
  ['Ctrl K', 'Search or jump'],
  ['/', 'Go to the query or search field'],
  ['j / k', 'Next, previous row or event'],
  ['Enter', 'Open the row; unfold the event'],
  ['o', 'Open the row in a new tab'],
  ['.', 'Show what is new'],
  ['n / N', 'Next, previous match in a timeline or log'],
  ['c', 'New task, in the list of tasks'],
  ['p / r / m', 'Pause, resume, message a task'],
  ['f / w / G', 'Follow, wrap, go to the end of a task’s log'],
  ['y', 'Copy a link to this view'],
  ['z', 'Change the time zone'],
  ['Esc', 'Back out one level'],
  ['?', 'This sheet'],
]

export function ShortcutSheet({ entries, onClose }: { entries: readonly Entry[]; onClose: () => void }) {
  const enabled = usePreference('shortcuts') === 'on'
  const rows = [...entries.map(({ letter, title }) => [`g ${letter}`, `Go to ${title}`] as const), ...common]
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5">
        {rows.map(([keys, words]) => (
          <div key={keys} className="contents">
            <dt>
              <kbd className="mono rounded border border-line bg-raised px-1.5 py-0.5">{keys}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <label className="mt-4 flex min-h-8 items-center gap-2 border-t border-line pt-3">
        <input
          type="checkbox"
          className="size-4"
          checked={enabled}
          onChange={(event) => setPreference('shortcuts', event.target.checked ? 'on' : 'off')}
        />
        Single-key shortcuts are on
      </label>
    </Dialog>
  )
}
