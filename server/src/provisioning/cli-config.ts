/**
 * Terraform's own configuration for a run: where providers come from, and nothing else. With a mirror nothing is asked of
 * the network. Said here in full, because without it Terraform looks for plugins in folders that a template brings.
 */
export function cliConfig({ mirror, cache }: { mirror: string | null; cache: string | null }): string {
  const from = mirror === null ? '  direct {}' : `  filesystem_mirror {\n    path = ${quoted(mirror)}\n  }`
  const lines = ['disable_checkpoint = true', `provider_installation {\n${from}\n}`]
  if (cache !== null) {
    // Without the second a cached provider is used only by templates that bring a lock file with its checksums.
    lines.push(`plugin_cache_dir = ${quoted(cache)}`, 'plugin_cache_may_break_dependency_lock_file = true')
  }
  return `${lines.join('\n')}\n`
}

/** A text in HCL, in which `${` and `%{` would be computed. */
const quoted = (text: string): string => JSON.stringify(text).replaceAll('${', '$${').replaceAll('%{', '%%{')
