import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'

export interface MenuItem {
  readonly label: ReactNode
  readonly hint?: string
  readonly checked?: boolean
  readonly onSelect: () => void
}

/** A menu button (WAI-ARIA pattern): arrows, Home, End and first letters move, Escape and Tab close. */
export function Menu({
  label,
  title,
  trigger,
  items,
  className,
  align = 'start',
  onOpen,
  empty = 'Nothing to choose from',
}: {
  /** The accessible name of the button. */
  label: string
  title?: string
  trigger: ReactNode
  items: readonly MenuItem[]
  className: string
  align?: 'start' | 'end'
  onOpen?: () => void
  empty?: string
}) {
  const [open, setOpen] = useState(false)
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const radio = items.some(({ checked }) => checked !== undefined)

  useEffect(() => {
    if (!open) return
    place(button.current, list.current, align)
    const chosen = list.current?.querySelector<HTMLElement>('[aria-checked="true"]')
    ;(chosen ?? list.current?.querySelector<HTMLElement>('[role^="menuitem"]') ?? list.current)?.focus()
    const outside = (event: PointerEvent) => {
      const at = event.target
      if (at instanceof Node && list.current?.contains(at) !== true && button.current?.contains(at) !== true)
        setOpen(false)
    }
    const moved = () => setOpen(false)
    document.addEventListener('pointerdown', outside)
    window.addEventListener('resize', moved)
    return () => {
      document.removeEventListener('pointerdown', outside)
      window.removeEventListener('resize', moved)
    }
  }, [open, align, items.length])

  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' || event.key === 'Tab') close()
    else if (!moveFocus(list.current, event.key)) return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        aria-label={label}
        title={title ?? label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        className={className}
        onClick={() => {
          if (!open) onOpen?.()
          setOpen(!open)
        }}
      >
        {trigger}
      </button>
      {open && (
        <div
          ref={list}
          id={id}
          role="menu"
          aria-label={label}
          tabIndex={-1}
          onKeyDown={onKeyDown}
          className="fixed z-50 max-h-[60vh] max-w-[min(22rem,calc(100vw-1rem))] min-w-44 overflow-y-auto rounded-lg border border-line bg-page p-1 shadow-xl"
        >
          {items.length === 0 && <p className="px-2 py-1.5 text-muted">{empty}</p>}
          {items.map((item, at) => (
            <button
              key={at}
              type="button"
              role={radio ? 'menuitemradio' : 'menuitem'}
              aria-checked={radio ? item.checked === true : undefined}
              tabIndex={-1}
              className="flex min-h-8 w-full items-center justify-between gap-4 rounded-md px-2 text-left hover:bg-hover focus:bg-hover focus-visible:outline-offset-[-2px] aria-checked:font-semibold"
              onClick={() => {
                close()
                item.onSelect()
              }}
            >
              <span className="min-w-0 truncate">{item.label}</span>
              {item.checked === true && <span aria-hidden>✓</span>}
              {item.hint !== undefined && <kbd className="text-xs text-muted">{item.hint}</kbd>}
            </button>
          ))}
        </div>
      )}
    </>
  )
}

/** Under the button, or over it where there is no room; inside the window in any case. */
function place(button: HTMLElement | null, list: HTMLElement | null, align: 'start' | 'end'): void {
  if (button === null || list === null) return
  const at = button.getBoundingClientRect()
  const size = list.getBoundingClientRect()
  const below = at.bottom + 4 + size.height <= window.innerHeight - 8
  const left = align === 'start' ? at.left : at.right - size.width
  list.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - 4 - size.height)}px`
  list.style.left = `${Math.max(8, Math.min(left, window.innerWidth - size.width - 8))}px`
}

function moveFocus(list: HTMLElement | null, key: string): boolean {
  const items = [...(list?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])]
  const at = items.findIndex((item) => item === document.activeElement)
  const letter = key.length === 1 ? key.toLowerCase() : null
  const to =
    key === 'ArrowDown'
      ? items[(at + 1) % items.length]
      : key === 'ArrowUp'
        ? items.at(at <= 0 ? -1 : at - 1)
        : key === 'Home'
          ? items[0]
          : key === 'End'
            ? items.at(-1)
            : [...items.slice(at + 1), ...items].find(
                (item) =>
                  letter !== null && letter !== ' ' && item.textContent?.trim().toLowerCase().startsWith(letter),
              )
  to?.focus()
  return to !== undefined
}
