import { useEffect, useRef } from 'react'
import { readPreference } from './use-preference.ts'

/** A key (`j`, `/`, `Escape`) or `g` and a letter (`g s`), and what it does. Returning false leaves the key alone. */
export type Shortcuts = Readonly<Record<string, (() => void) | (() => boolean)>>

const prefixMs = 1200

/**
 * Single-key shortcuts of a page. They never fire while something is being typed or a dialog or menu is open, and can be
 * turned off altogether (WCAG 2.1.4). Each of them has a visible control as well.
 */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts)
  useEffect(() => {
    latest.current = shortcuts
  })
  useEffect(() => {
    let prefixAt = -Infinity
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (readPreference('shortcuts') === 'off' || isTaken(event.target)) return
      const afterPrefix = event.timeStamp - prefixAt < prefixMs
      prefixAt = event.key === 'g' && !afterPrefix ? event.timeStamp : -Infinity
      const action = latest.current[afterPrefix ? `g ${event.key}` : event.key]
      if (action !== undefined && action() !== false) event.preventDefault()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
}

/** Whether keys belong to what has the focus: a field, or anything in a dialog, menu or list of choices. */
function isTaken(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable], [role="menu"], [role="listbox"]') !== null
  )
}
