import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { readingReason } from '../api/reading-reason.ts'
import { Choice, Field } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { shellWord } from '../shell/page.ts'
import { announce } from '../ui/announce.ts'
import { Button } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { download } from '../ui/download.ts'
import { HostileLine } from '../ui/hostile-text.tsx'

const ways = {
  words: { title: 'What was said', content: 'true', bodies: 'false' },
  bodies: { title: 'Everything: also the bytes of each request', content: 'true', bodies: 'true' },
  facts: { title: 'Facts only: no words of other people', content: 'false', bodies: 'false' },
} as const
type Way = keyof typeof ways
// SAFETY: the keys of the object above.
const names = Object.keys(ways) as readonly Way[]

const title = 'Export sessions'

/** Sessions as they are filtered, or one, as a file: the browser streams it to disk, and that it was made is on record. */
export function ExportDialog({ q, what, onClose }: { q: string; what: string; onClose: () => void }) {
  const [way, setWay] = useState<Way>('words')
  const [reason, setReason] = useState(readingReason().reason ?? '')
  const readsOthers = useMay()('interception_content:read')
  const isNeeded = readsOthers && way !== 'facts'
  const { content, bodies } = ways[way]
  const why = reason.trim()
  const { mutate, isPending, isSuccess, error } = useMutation({
    mutationFn: async () => {
      // A download tells the page nothing of how it went: what would refuse it is found out before.
      await client.call(endpoints.listSessions, {
        query: { content: 'false', limit: 1, ...(q === '' ? {} : { q }), ...(why === '' ? {} : { reason: why }) },
      })
      const query = { content, bodies, ...(q === '' ? {} : { q }), ...(why === '' ? {} : { reason: why }) }
      download(`/api/v2/aibridge/sessions-export?${new URLSearchParams(query)}`)
    },
    onSuccess: () => announce('The browser saves the export'),
  })
  if (isSuccess) return <Begun onClose={onClose} />
  const command = [
    'reeve bridge sessions export --out sessions.jsonl',
    q === '' ? '' : `--filter ${shellWord(q)}`,
    way === 'bodies' ? '--bodies' : way === 'facts' ? '--without-content' : '',
    why === '' ? '' : `--reason ${shellWord(why)}`,
  ]
  return (
    <FormDialog
      title={title}
      verb="Export"
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      fields={['reason']}
      onSubmit={() => mutate()}
      onClose={onClose}
    >
      <p>
        {what}, oldest first, as JSON lines with a manifest at the end.
        {q !== '' && (
          <>
            {' '}
            What matches{' '}
            <span className="mono wrap-anywhere">
              <HostileLine text={q} />
            </span>
          </>
        )}
      </p>
      <Choice
        label="Content"
        name="content"
        value={way}
        onChange={({ target }) => setWay(names.find((name) => name === target.value) ?? 'words')}
        hint={
          way === 'bodies'
            ? 'Every request repeats its conversation: the file is many times as long.'
            : 'As it was recorded, with secrets masked.'
        }
      >
        {names.map((name) => (
          <option key={name} value={name}>
            {ways[name].title}
          </option>
        ))}
      </Choice>
      <Field
        label="Reason"
        name="reason"
        maxLength={500}
        autoComplete="off"
        required={isNeeded}
        value={reason}
        onChange={({ target }) => setReason(target.value)}
        fault={error === null ? null : faultOf(error)}
        hint={
          isNeeded
            ? 'It stands in the audit log, and with each person whose words are in the file: they can see it.'
            : 'Optional. It stands in the audit log.'
        }
      />
      <div className="space-y-1">
        <p className="text-muted">The same from the command line, which also verifies the file:</p>
        <Commands label="Command" lines={[command.filter((word) => word !== '').join(' ')]} />
      </div>
    </FormDialog>
  )
}

function Begun({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="space-y-4">
        <p>The browser is saving the file. The export is on record.</p>
        <p className="text-muted">A file without its last line, the manifest, was cut off. Whether it is whole:</p>
        <Commands label="Command to verify" lines={['reeve bridge sessions verify reeve-sessions.jsonl']} />
        <div className="flex justify-end">
          <Button tone="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
