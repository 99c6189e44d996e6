import { eachEndpoint as endpoints, type InboxNotification } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { useWatch } from '../api/use-watch.ts'

/** What can be done with the viewer's notifications; whatever shows them is read anew after it. */
export function useInbox() {
  const queries = useQueryClient()
  const onSettled = () => queries.invalidateQueries({ queryKey: ['inbox'] })
  const mark = useMutation({
    mutationFn: ({ id, read }: { id: string; read: boolean }) =>
      client.call(endpoints.setInboxReadStatus, { params: { id }, body: { is_read: read } }),
    onSettled,
  })
  const markAll = useMutation({ mutationFn: () => client.call(endpoints.markInboxRead), onSettled })
  return {
    mark: (one: InboxNotification, read: boolean) => mark.mutate({ id: one.id, read }),
    markAll: () => markAll.mutate(),
    busy: markAll.isPending,
    error: mark.error ?? markAll.error,
  }
}

/** While the notifications are being looked at, they are shown as they come. */
export function useInboxWatch(): void {
  const queries = useQueryClient()
  useWatch(
    'inbox',
    true,
    (signal) => client.events(endpoints.watchInbox, { signal }),
    (event) => event !== null && void queries.invalidateQueries({ queryKey: ['inbox'] }),
  )
}
