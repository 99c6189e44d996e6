import { ChevronDown, ChevronUp } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react'
import { readPreference } from '../hooks/use-preference.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'

interface Listed {
  readonly id: string
}

/** One row of a list in full, beside the list; j and k go through the list as they do outside. */
export function ListDrawer({
  id,
  title,
  label,
  newer,
  older,
  actions,
  onShow,
  onClose,
  children,
}: {
  id: string
  title: string
  label: string
  newer: Listed | undefined
  older: Listed | undefined
  /** In front of the one that copies the link. */
  actions: ReactNode
  onShow: (id: string) => void
  onClose: () => void
  children: ReactNode
}) {
  const content = useRef<HTMLDivElement>(null)
  useEffect(() => {
    content.current?.closest('dialog')?.scrollTo({ top: 0 })
    // What led here may have gone with the row before.
    if (document.activeElement === document.body) content.current?.focus()
  }, [id])
  const onKeyDown = ({ key, ctrlKey, metaKey, altKey, target }: KeyboardEvent) => {
    if (ctrlKey || metaKey || altKey || readPreference('shortcuts') === 'off') return
    // Keys of a dialog that was opened from this one are its own.
    if (target instanceof Element && target.closest('dialog') !== content.current?.closest('dialog')) return
    if (key === 'j' && older !== undefined) onShow(older.id)
    if (key === 'k' && newer !== undefined) onShow(newer.id)
  }
  return (
    <Dialog side title={title} onClose={onClose}>
      <div
        ref={content}
        role="group"
        aria-label={label}
        tabIndex={-1}
        className="space-y-6 focus-visible:outline-none"
        onKeyDown={onKeyDown}
      >
        <div className="flex flex-wrap items-center gap-2">
          <Step label="Newer" to={newer} shortcut="k" icon={<ChevronUp size={14} aria-hidden />} onShow={onShow} />
          <Step label="Older" to={older} shortcut="j" icon={<ChevronDown size={14} aria-hidden />} onShow={onShow} />
          <span className="ml-auto flex flex-wrap gap-2">
            {actions}
            <CopyButton label="Copy link" text={location.href} />
          </span>
        </div>
        {children}
      </div>
    </Dialog>
  )
}

function Step({
  label,
  to,
  shortcut,
  icon,
  onShow,
}: {
  label: string
  to: Listed | undefined
  shortcut: string
  icon: ReactNode
  onShow: (id: string) => void
}) {
  return (
    <Button
      aria-disabled={to === undefined}
      aria-keyshortcuts={shortcut}
      title={`${label} ( ${shortcut} )`}
      className={to === undefined ? 'opacity-55' : ''}
      onClick={() => to !== undefined && onShow(to.id)}
    >
      {icon}
      {label}
    </Button>
  )
}
