import { useSyncExternalStore } from 'react'

/**
 * Preferences of this browser: how things look, never what is shown (that is in the URL). `public/boot.js` applies
 * theme and density before the first paint.
 */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark'
  readonly density: 'compact' | 'normal' | 'roomy'
  readonly rail: 'open' | 'closed'
  readonly shortcuts: 'on' | 'off'
}

const choices: { readonly [K in keyof Preferences]: readonly [Preferences[K], ...Preferences[K][]] } = {
  theme: ['system', 'light', 'dark'],
  density: ['normal', 'compact', 'roomy'],
  rail: ['open', 'closed'],
  shortcuts: ['on', 'off'],
}

const listeners = new Set<() => void>()
/** What was chosen since the page was loaded: storage may be forbidden. */
const chosen = new Map<string, string>()

export function readPreference<K extends keyof Preferences>(name: K): Preferences[K] {
  let stored = chosen.get(name) ?? null
  try {
    stored ??= localStorage.getItem(`reeve.${name}`)
  } catch {
    // The first choice is the default.
  }
  const known: readonly Preferences[K][] = choices[name]
  return known.find((choice) => choice === stored) ?? choices[name][0]
}

export function setPreference<K extends keyof Preferences>(name: K, value: Preferences[K]): void {
  chosen.set(name, value)
  try {
    localStorage.setItem(`reeve.${name}`, value)
  } catch {
    // Then it lasts as long as the page.
  }
  if (name === 'theme' || name === 'density') document.documentElement.dataset[name] = value
  for (const listener of listeners) listener()
}

export function usePreference<K extends keyof Preferences>(name: K): Preferences[K] {
  return useSyncExternalStore(subscribe, () => readPreference(name))
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
