import type { User } from '@reeve/sdk'
import { Link, useNavigate } from '@tanstack/react-router'
import { CircleUserRound, Globe, Keyboard, Link2, Search, SlidersHorizontal } from 'lucide-react'
import { setPreference, usePreference } from '../hooks/use-preference.ts'
import { useZone } from '../hooks/use-zone.ts'
import { frozenHref } from '../table/range.ts'
import { InboxButton } from '../inbox/inbox-button.tsx'
import { IconButton } from '../ui/button.tsx'
import { copyText } from '../ui/copy.tsx'
import { Menu, type MenuItem } from '../ui/menu.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { curlCommand, useCurrentPage } from './page.ts'

const chip =
  'inline-flex h-8 items-center justify-center gap-1.5 rounded-md px-2 text-sm text-muted hover:bg-hover hover:text-text min-w-8'

export function Header({
  user,
  onPalette,
  onHelp,
  onSignOut,
}: {
  user: User
  onPalette: () => void
  onHelp: () => void
  onSignOut: () => void
}) {
  const page = useCurrentPage()
  return (
    <header className="no-print z-20 flex h-12 shrink-0 items-center gap-1 border-b border-line bg-page pr-2 pl-4">
      <nav aria-label="Breadcrumb" className="min-w-0 flex-1">
        <ol className="flex items-center gap-1.5 whitespace-nowrap">
          {page.parent !== undefined && (
            <li className="flex items-center gap-1.5 text-muted">
              <Link
                to={page.parent.to}
                className="inline-flex min-h-6 items-center rounded hover:text-text hover:underline"
              >
                {page.parent.title}
              </Link>
              <span aria-hidden>/</span>
            </li>
          )}
          <li aria-current="page" className="min-w-0 truncate font-medium">
            <HostileLine text={page.title} />
          </li>
        </ol>
      </nav>
      <button
        type="button"
        onClick={onPalette}
        className={`${chip} border border-line sm:w-52 sm:justify-between`}
        aria-keyshortcuts="Control+K Meta+K"
      >
        <span className="flex items-center gap-1.5">
          <Search size={14} aria-hidden />
          <span className="sr-only sm:not-sr-only">Search or jump</span>
        </span>
        <kbd aria-hidden className="hidden text-xs sm:inline">
          {isMac() ? '⌘K' : 'Ctrl K'}
        </kbd>
      </button>
      <InboxButton className={chip} />
      <CopyMenu />
      <ZoneChip />
      <ViewMenu />
      <IconButton label="Keyboard shortcuts" shortcut="?" icon={<Keyboard size={16} aria-hidden />} onClick={onHelp} />
      <Menu
        label={`Account of ${user.username}`}
        className={chip}
        align="end"
        trigger={<CircleUserRound size={16} aria-hidden />}
        items={[
          {
            label: <span className="text-muted">Signed in as {user.username}</span>,
            onSelect: () => copyText(user.username),
          },
          { label: 'Keyboard shortcuts', hint: '?', onSelect: onHelp },
          { label: 'Sign out', onSelect: onSignOut },
        ]}
      />
    </header>
  )
}

/** Exported for the shortcuts: the same as choosing the first entry of the copy menu. */
export const copyPermalink = (): Promise<void> => copyText(location.href)

function CopyMenu() {
  const page = useCurrentPage()
  const items: MenuItem[] = [{ label: 'Copy link', hint: 'y', onSelect: () => void copyPermalink() }]
  const frozen = frozenHref(location.href)
  if (frozen !== null)
    items.push({
      label: 'Copy link with fixed times',
      onSelect: () => void copyText(frozenHref(location.href) ?? frozen),
    })
  const { cli, api } = page
  if (cli !== undefined) items.push({ label: 'Copy as CLI command', onSelect: () => void copyText(cli) })
  if (api !== undefined) items.push({ label: 'Copy as API call', onSelect: () => void copyText(curlCommand(api)) })
  return (
    <Menu
      label="Copy link, command or API call"
      className={chip}
      align="end"
      trigger={<Link2 size={16} aria-hidden />}
      items={items}
    />
  )
}

/** `z` does the same as the chip. */
export function useZoneToggle(): () => void {
  const navigate = useNavigate()
  const zone = useZone()
  return () =>
    void navigate({
      to: '.',
      search: (search) => ({ ...search, tz: zone === 'utc' ? undefined : 'utc' }),
      replace: true,
    })
}

function ZoneChip() {
  const zone = useZone()
  const toggle = useZoneToggle()
  return (
    <button
      type="button"
      className={chip}
      onClick={toggle}
      title={`Times are shown in ${zone === 'utc' ? 'UTC' : 'the time zone of this browser'} (z)`}
      aria-label={`Time zone: ${zone === 'utc' ? 'UTC' : 'local'}; change`}
      aria-keyshortcuts="z"
    >
      <Globe size={16} aria-hidden />
      <span className="hidden sm:inline">{zone === 'utc' ? 'UTC' : 'Local'}</span>
    </button>
  )
}

function ViewMenu() {
  const theme = usePreference('theme')
  const density = usePreference('density')
  return (
    <Menu
      label="Theme and density"
      className={chip}
      align="end"
      trigger={<SlidersHorizontal size={16} aria-hidden />}
      items={[
        ...(['system', 'light', 'dark'] as const).map((value) => ({
          label: { system: 'Theme of the system', light: 'Light theme', dark: 'Dark theme' }[value],
          checked: theme === value,
          onSelect: () => setPreference('theme', value),
        })),
        ...(['compact', 'normal', 'roomy'] as const).map((value) => ({
          label: { compact: 'Compact rows', normal: 'Normal rows', roomy: 'Roomy rows' }[value],
          checked: density === value,
          onSelect: () => setPreference('density', value),
        })),
      ]}
    />
  )
}

const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.userAgent)
