import type { ComponentProps, ReactNode } from 'react'

type Tone = 'plain' | 'primary' | 'danger' | 'quiet' | 'quiet-danger'

const tones: Readonly<Record<Tone, string>> = {
  plain: 'border-control bg-page hover:bg-hover text-text',
  primary: 'border-link bg-link text-on-link hover:opacity-90',
  danger: 'border-bad bg-page text-bad hover:bg-bad-tint',
  quiet: 'border-transparent bg-transparent text-muted hover:bg-hover hover:text-text',
  'quiet-danger': 'border-transparent bg-transparent text-bad hover:bg-bad-tint',
}

const shape =
  'inline-flex min-h-8 shrink-0 items-center justify-center gap-1.5 rounded-md border px-2.5 text-sm font-medium whitespace-nowrap disabled:opacity-55'

export const buttonClass = (tone: Tone = 'plain', extra = ''): string => `${shape} ${tones[tone]} ${extra}`

export function Button({
  tone = 'plain',
  className = '',
  type = 'button',
  ...rest
}: ComponentProps<'button'> & { tone?: Tone }) {
  // oxlint-disable-next-line react/button-has-type -- the type is a prop with a safe default
  return <button type={type} className={buttonClass(tone, className)} {...rest} />
}

/** A button that shows only an icon: `label` names it, on hover with its shortcut. */
export function IconButton({
  label,
  shortcut,
  icon,
  className = '',
  ...rest
}: Omit<ComponentProps<'button'>, 'children'> & { label: string; shortcut?: string; icon: ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={shortcut === undefined ? label : `${label} (${shortcut})`}
      aria-keyshortcuts={shortcut}
      className={`inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-text disabled:opacity-45 ${className}`}
      {...rest}
    >
      {icon}
    </button>
  )
}
