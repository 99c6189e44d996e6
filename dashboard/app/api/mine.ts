import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** What the viewer's own page asks. */

const own = { user: 'me' }

export const ownSessions = queryOptions({
  queryKey: ['own-sessions'],
  queryFn: ({ signal }) => client.call(endpoints.listUserSessions, { params: own, signal }),
})

export const ownReaders = queryOptions({
  queryKey: ['own-readers'],
  queryFn: ({ signal }) => client.call(endpoints.listContentReads, { params: own, query: { limit: 200 }, signal }),
})

export const ownPreferences = queryOptions({
  queryKey: ['own-preferences'],
  queryFn: ({ signal }) => client.call(endpoints.getNotificationPreferences, { params: own, signal }),
})

export const ownAccounts = queryOptions({
  queryKey: ['own-accounts'],
  queryFn: ({ signal }) => client.call(endpoints.listExternalAuth, { signal }),
})

export const ownGitKey = queryOptions({
  queryKey: ['own-git-key'],
  queryFn: ({ signal }) => client.call(endpoints.getGitSshKey, { params: own, signal }),
})

export const ownSecrets = queryOptions({
  queryKey: ['own-secrets'],
  queryFn: ({ signal }) => client.call(endpoints.listUserSecrets, { params: own, signal }),
})
