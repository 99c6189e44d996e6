import type { TemplateVersion, TemplateVersionFile } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { faultOf } from '../api/query-client.ts'
import { versionFiles } from '../api/templates.ts'
import { DiffView } from '../diff/diff-view.tsx'
import { Choice } from '../forms/field.tsx'
import { bytes } from '../ui/format.ts'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** `against` in the address where a version is shown by itself. */
const nothing = 'nothing'

/**
 * The files of a version for whoever decides whether it becomes the active one: what differs from the one that is, unless
 * another is asked for.
 */
export function VersionFiles({
  version,
  versions,
}: {
  version: TemplateVersion
  versions: readonly TemplateVersion[]
}) {
  const { against } = useSearch({ from: '/app/templates/$template' })
  const navigate = useNavigate({ from: '/templates/$template' })
  const others = versions.filter((one) => one !== version)
  const usual = others.find(({ active }) => active) ?? others.find((one) => one.created_at < version.created_at)
  const other = against === nothing ? undefined : (others.find(({ name }) => name === against) ?? usual)
  return (
    <section aria-label={`Files of ${version.name}`} className="min-w-0 space-y-3">
      <h2 className="font-medium">
        Files of <HostileLine text={version.name} />
      </h2>
      {others.length > 0 && (
        <Choice
          label="Compared with"
          name="against"
          value={other?.name ?? nothing}
          onChange={({ currentTarget: { value } }) =>
            void navigate({ search: (old) => ({ ...old, against: value }), replace: true })
          }
        >
          <option value={nothing}>nothing</option>
          {others.map(({ id, name, active }) => (
            <option key={id} value={name}>
              {active ? `${name} (active)` : name}
            </option>
          ))}
        </Choice>
      )}
      <Files after={version.id} before={other?.id ?? null} />
    </section>
  )
}

function Files({ before, after }: { before: string | null; after: string }) {
  const [young, old] = [useQuery(versionFiles(after)), useQuery(versionFiles(before ?? after))]
  const failed = young.error ?? old.error
  if (failed !== null) {
    const retry = (): void => void Promise.all([young.refetch(), old.refetch()])
    return <FaultNotice what="The files could not be read" fault={faultOf(failed)} onRetry={retry} />
  }
  if (young.data === undefined || old.data === undefined) return <p className="late text-muted">Reading the files …</p>
  const rows =
    before === null ? young.data.map((file) => ({ path: file.path, after: file })) : changed(old.data, young.data)
  if (rows.length === 0) return <p className="text-muted">The files are the same.</p>
  return (
    <ul className="space-y-3">
      {rows.map((row) => (
        <li key={row.path}>
          <File isAlone={before === null} {...row} />
        </li>
      ))}
    </ul>
  )
}

interface Changed {
  readonly path: string
  readonly before?: TemplateVersionFile | undefined
  readonly after?: TemplateVersionFile | undefined
}

function changed(old: readonly TemplateVersionFile[], young: readonly TemplateVersionFile[]): Changed[] {
  const [before, after] = [old, young].map((files) => new Map(files.map((file) => [file.path, file])))
  const paths = [...new Set([...old, ...young].map(({ path }) => path))].toSorted()
  return paths
    .map((path) => ({ path, before: before?.get(path), after: after?.get(path) }))
    .filter((row) => !isSame(row))
}

const isSame = ({ before, after }: Changed): boolean =>
  before?.sha256 === after?.sha256 && before?.executable === after?.executable

function File({ path, before, after, isAlone }: Changed & { isAlone: boolean }) {
  const change = isAlone ? '' : before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const isShown = before?.text !== null && after?.text !== null
  return (
    <details open={!isAlone}>
      <summary className="cursor-pointer">
        <span className="font-mono">
          <HostileLine text={path} inControl />
        </span>{' '}
        <span className="text-muted">
          {[change, modeOf(before, after), bytes((after ?? before)?.bytes ?? 0)].filter(Boolean).join(' · ')}
        </span>
      </summary>
      {!isShown && (
        <p className="text-muted">It is no text, or too long to be shown. Pull the version to look at it.</p>
      )}
      {isShown && isAlone && (
        <div
          tabIndex={0}
          role="group"
          aria-label={path}
          className="mono max-h-[32rem] overflow-auto rounded-md border border-line bg-sunken px-3 py-1 text-xs"
        >
          <HostileText text={after?.text ?? ''} />
        </div>
      )}
      {isShown && !isAlone && (
        <DiffView before={before?.text ?? ''} after={after?.text ?? ''} label={`What changed in ${path}`} />
      )}
    </details>
  )
}

function modeOf(before: TemplateVersionFile | undefined, after: TemplateVersionFile | undefined): string {
  if (before !== undefined && after !== undefined && before.executable !== after.executable)
    return after.executable ? 'may be run now' : 'may not be run any more'
  return after?.executable === true ? 'may be run' : ''
}
