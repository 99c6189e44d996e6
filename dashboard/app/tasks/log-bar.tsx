import { Download } from 'lucide-react'
import { useShortcuts } from '../hooks/use-shortcuts.ts'
import { Button, buttonClass } from '../ui/button.tsx'
import { type Finding, FindField } from '../ui/find-field.tsx'

/** What can be done with the log: searched through, followed, wrapped, taken along. */
export function LogBar({
  finding,
  follow,
  onFollow,
  wrap,
  onWrap,
  file,
  fileName,
}: {
  finding: Finding
  follow: boolean
  onFollow: (follow: boolean) => void
  wrap: boolean
  onWrap: (wrap: boolean) => void
  file: string
  fileName: string
}) {
  useShortcuts({
    n: () => finding.onStep(1),
    N: () => finding.onStep(-1),
    f: () => onFollow(!follow),
    w: () => onWrap(!wrap),
    G: () => onFollow(true),
  })
  return (
    <div role="group" aria-label="Log" className="flex flex-wrap items-center gap-1">
      <FindField
        finding={finding}
        where="what was said"
        counted={finding.found === 1 ? 'entry' : 'entries'}
        className="min-w-0 flex-1 basis-48"
      />
      <Button
        tone="quiet"
        aria-pressed={follow}
        aria-keyshortcuts="f G"
        title="Stay at the end (f); go to the end (G)"
        className="aria-pressed:bg-tint aria-pressed:text-link"
        onClick={() => onFollow(!follow)}
      >
        Follow
      </Button>
      <Button
        tone="quiet"
        aria-pressed={wrap}
        aria-keyshortcuts="w"
        title="Wrap long lines (w)"
        className="aria-pressed:bg-tint aria-pressed:text-link"
        onClick={() => onWrap(!wrap)}
      >
        Wrap
      </Button>
      <a className={buttonClass('quiet')} href={file} download={fileName}>
        <Download size={14} aria-hidden />
        JSON
      </a>
    </div>
  )
}
