import { lazy, Suspense, useState } from 'react'
import { Button } from '../ui/button.tsx'

const ExportDialog = lazy(() => import('./export-dialog.tsx').then((loaded) => ({ default: loaded.ExportDialog })))

/** Sessions as a file. What the file takes is asked for in a dialog, which is loaded when it is wanted. */
export function ExportButton({ q, what }: { q: string; what: string }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>Export</Button>
      {open && (
        <Suspense fallback={null}>
          <ExportDialog q={q} what={what} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
