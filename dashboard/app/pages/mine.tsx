import { Accounts } from '../mine/accounts.tsx'
import { GitKey } from '../mine/git-key.tsx'
import { OwnReaders } from '../mine/own-readers.tsx'
import { OwnSessions } from '../mine/own-sessions.tsx'
import { Preferences } from '../mine/preferences.tsx'
import { Profile } from '../mine/profile.tsx'
import { Secrets } from '../mine/secrets.tsx'
import { usePage } from '../shell/page.ts'

/** What is the viewer's own: who they are here, where they are signed in, who read their words, of what they are told. */
export function MinePage() {
  usePage({ title: 'My profile', cli: 'reeve whoami', api: '/api/v2/whoami' })
  return (
    <div className="mx-auto max-w-5xl space-y-8 px-4 py-6">
      <h1 className="text-lg">My profile</h1>
      <Profile />
      <OwnReaders />
      <OwnSessions />
      <Accounts />
      <GitKey />
      <Secrets />
      <Preferences />
    </div>
  )
}
