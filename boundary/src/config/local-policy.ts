import type { Problem } from '@reeve/base'
import { importAllowlist, parsePolicy, type PolicyDocument, type PolicyProblem } from '@reeve/policy'

interface Looking {
  /** The file has an allow-list, be it an empty one: then everything is denied, and that is meant. */
  readonly listed: boolean
  readonly readFile: (path: string) => string | null
  readonly problems: Problem[]
  readonly notes: string[]
}

/** The policy that this machine holds by itself: a document, or what an allow-list comes to. */
export function localPolicy(
  { path, allow }: { readonly path: string | null; readonly allow: readonly string[] },
  { listed, readFile, problems, notes }: Looking,
): { readonly label: string; readonly document: PolicyDocument } | null {
  if (path !== null) {
    if (listed || allow.length > 0)
      problems.push({ field: '--policy', detail: 'and an allow-list are two policies: choose one' })
    const document = documentOf(path, readFile, problems, notes)
    return document === null ? null : { label: `${document.name}@local`, document }
  }
  if (!listed && allow.length === 0) return null
  const { rules, problems: found } = importAllowlist(allow)
  tell(found, problems, notes)
  if (allow.length === 0) notes.push('the allow-list is empty: everything is denied')
  const { policy } = parsePolicy('apiVersion: reeve/v1\nname: allowlist\nnetwork: { rules: [] }\n')
  return policy === null
    ? null
    : { label: 'allowlist@local', document: { ...policy, network: { ...policy.network, rules } } }
}

function documentOf(
  path: string,
  readFile: Looking['readFile'],
  problems: Problem[],
  notes: string[],
): PolicyDocument | null {
  let text: string | null
  try {
    text = readFile(path)
  } catch {
    problems.push({ field: path, detail: 'cannot be read' })
    return null
  }
  if (text === null) {
    problems.push({ field: path, detail: 'does not exist' })
    return null
  }
  const { policy, problems: found } = parsePolicy(text)
  tell(
    found.map((one) => ({ ...one, path: `${path}:${one.line ?? 1}:${one.column ?? 1} ${one.path}`.trimEnd() })),
    problems,
    notes,
  )
  return policy
}

function tell(found: readonly PolicyProblem[], problems: Problem[], notes: string[]): void {
  for (const { level, path, message, fix } of found) {
    const detail = fix === null ? message : `${message}; ${fix}`
    if (level === 'error') problems.push({ field: path, detail })
    else notes.push(`${path}: ${detail}`)
  }
}
