import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice, Field } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { shellWord } from '../shell/page.ts'
import { announce } from '../ui/announce.ts'
import { Button } from '../ui/button.tsx'
import { Commands } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { download } from '../ui/download.ts'
import { HostileLine } from '../ui/hostile-text.tsx'

const formats = {
  jsonl: {
    title: 'JSON lines, with proof',
    hint: 'Hashes, checkpoints and a signed manifest: reeve audit verify proves it without this server.',
  },
  csv: { title: 'CSV, for a spreadsheet', hint: 'Cells that would be formulas are made harmless. It proves nothing.' },
  ocsf: {
    title: 'OCSF 1.3, for a SIEM',
    hint: 'JSON lines in the common schema of security events. It proves nothing.',
  },
} as const
type Format = keyof typeof formats
// SAFETY: the keys of the object above.
const names = Object.keys(formats) as readonly Format[]

/** The log, as it is filtered, as a file: the browser streams it to disk, and that it was made is on record. */
export function ExportDialog({
  q,
  count,
  onShowExports,
  onClose,
}: {
  q: string
  /** How many events it will have: `1 event`. */
  count: string
  onShowExports: () => void
  onClose: () => void
}) {
  const [format, setFormat] = useState<Format>('jsonl')
  const [reason, setReason] = useState('')
  const asking = { ...(q === '' ? {} : { q }), ...(reason.trim() === '' ? {} : { reason: reason.trim() }) }
  const { mutate, isPending, isSuccess, error } = useMutation({
    mutationFn: async () => {
      // A download tells the page nothing of how it went: what would refuse it is found out before.
      await client.call(endpoints.listAuditEvents, { query: { ...(q === '' ? {} : { q }), limit: 1 } })
      download(`/api/v2/audit/export?${new URLSearchParams({ format, ...asking })}`)
    },
    onSuccess: () => announce('The browser saves the export'),
  })
  if (isSuccess) return <Begun onShowExports={onShowExports} onClose={onClose} />
  const command = [
    `reeve audit export --out audit.${format === 'csv' ? 'csv' : 'jsonl'}`,
    format === 'jsonl' ? '' : `--format ${format}`,
    q === '' ? '' : `--filter ${shellWord(q)}`,
    reason.trim() === '' ? '' : `--reason ${shellWord(reason.trim())}`,
  ]
  return (
    <FormDialog
      title="Export the audit log"
      verb="Export"
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      fields={[]}
      onSubmit={() => mutate()}
      onClose={onClose}
    >
      <div>
        {q === '' ? (
          <p>The whole log, as far as you may see it: {count}, oldest first.</p>
        ) : (
          <p>
            {count}, oldest first: what matches{' '}
            <span className="mono wrap-anywhere">
              <HostileLine text={q} />
            </span>
          </p>
        )}
      </div>
      <Choice
        label="Format"
        name="format"
        value={format}
        onChange={({ target }) => setFormat(names.find((name) => name === target.value) ?? 'jsonl')}
        hint={
          q !== '' && format === 'jsonl'
            ? 'Hashes and a signed manifest. A filtered export cannot be proved complete.'
            : formats[format].hint
        }
      >
        {names.map((name) => (
          <option key={name} value={name}>
            {formats[name].title}
          </option>
        ))}
      </Choice>
      <Field
        label="Reason"
        name="reason"
        maxLength={500}
        autoComplete="off"
        value={reason}
        onChange={({ target }) => setReason(target.value)}
        hint="Optional. It stands in the event of the export, with who made it and what was exported."
      />
      <div className="space-y-1">
        <p className="text-muted">The same from the command line:</p>
        <Commands label="Command" lines={[command.filter((word) => word !== '').join(' ')]} />
      </div>
    </FormDialog>
  )
}

function Begun({ onShowExports, onClose }: { onShowExports: () => void; onClose: () => void }) {
  return (
    <Dialog title="Export the audit log" onClose={onClose}>
      <div className="space-y-4">
        <p>The browser is saving the file; its list of downloads tells when it is whole. The export is on record.</p>
        <div className="flex justify-end gap-2">
          <Button onClick={onShowExports}>Show the exports on record</Button>
          <Button tone="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
