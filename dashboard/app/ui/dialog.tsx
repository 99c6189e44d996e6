import { X } from 'lucide-react'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { IconButton } from './button.tsx'

/**
 * A modal dialog on the browser's own `<dialog>`: it keeps the focus inside, makes the rest inert, closes on Escape and
 * gives the focus back, and injects no styles (which the content policy would refuse).
 */
export function Dialog({
  title,
  children,
  onClose,
  wide = false,
  side = false,
}: {
  title: string
  children: ReactNode
  onClose: () => void
  wide?: boolean
  /** At the right edge and as high as the window: for what belongs to a row of the list beside it. */
  side?: boolean
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const titleId = useId()
  useEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    element?.showModal()
    // The browser would choose the button that closes it; a setting at its foot is no place to begin either.
    content.current?.querySelector<HTMLElement>('input:not([type="checkbox"]), select, textarea, button')?.focus()
    return () => {
      element?.close()
      // What opened it may be gone with what it did, have no more to do, or be no element but an address: the page goes
      // on from its beginning then, not from the window's.
      if (before instanceof HTMLElement) before.focus()
      if (document.activeElement === document.body) beginPage()
      else if (before !== null) untilGone(before)
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        // Of a dialog that was opened from this one it is that one's own matter.
        if (event.target !== dialog.current) return
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
      className={`border-line bg-page p-0 text-text shadow-2xl ${side ? 'mr-0 ml-auto h-dvh max-h-none w-screen max-w-xl border-l' : `m-auto max-h-[min(44rem,90vh)] w-[calc(100vw-2rem)] rounded-xl border ${wide ? 'max-w-2xl' : 'max-w-md'}`}`}
    >
      <div className="flex items-center justify-between border-b border-line py-2 pr-2 pl-4">
        <h2 id={titleId} className="text-base">
          {title}
        </h2>
        <IconButton label="Close" shortcut="Escape" icon={<X size={16} aria-hidden />} onClick={onClose} />
      </div>
      <div ref={content} className="p-4">
        {children}
      </div>
    </dialog>
  )
}

const beginPage = (): void => document.getElementById('main')?.focus()

const soonMs = 2_000

/** What the dialog did may take away what opened it a moment later, when its list has been read again, or its use. */
function untilGone(element: Element): void {
  const watching = new MutationObserver(() => {
    if (element.isConnected && !element.matches(':disabled')) return
    watching.disconnect()
    if ([element, document.body].includes(document.activeElement ?? document.body)) beginPage()
  })
  watching.observe(document.body, { childList: true, subtree: true, attributeFilter: ['disabled'] })
  setTimeout(() => watching.disconnect(), soonMs)
}
