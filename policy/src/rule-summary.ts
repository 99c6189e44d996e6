import type { NetworkRule } from './document.ts'

/** A rule in one line, for lists of what was looked at: `GET, HEAD api.github.com/repos/acme/** for claude`. */
export function ruleSummary({ effect, host, ports, http, tcp, when }: NetworkRule): string {
  const usual = !tcp && (ports.length === 0 || (ports.length === 1 && ports[0] === 443))
  const what = tcp ? 'tcp' : (http?.methods ?? []).length === 0 ? 'any' : http?.methods.join(', ')
  const paths = http?.paths ?? []
  return [
    effect === 'allow' ? '' : effect,
    what,
    `${several(host)}${usual ? '' : `:${several(ports.map(String))}`}${paths.length === 0 ? '' : several(paths)}`,
    when === null ? '' : `for ${several(when.exe)}`,
  ]
    .filter((word) => word !== '')
    .join(' ')
}

const several = (names: readonly string[]): string => (names.length === 1 ? (names[0] ?? '') : `{${names.join(',')}}`)
