import type { Isolation } from './sandbox.ts'
import type { Workplace } from './workplace.ts'

/** Names that steer Terraform, the loader of programs or us; no setting passes them on. */
const reserved = /^(TF_|TOFU_|LD_|NODE_|REEVE_|CODER_|PG)|^(PATH|HOME|TMPDIR|SHELL|IFS|ENV|BASH_ENV)$/

/** Why a variable of the server's environment cannot be passed on to templates; null where it can. */
export function whyNotPassed(name: string): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'is not the name of a variable'
  return reserved.test(name) ? 'is kept for the server or for Terraform itself' : null
}

/**
 * The environment of a Terraform and of all that a template starts. Nothing of ours is in it but what the operator has
 * named: credentials of clouds, a proxy.
 */
export function terraformEnvironment(
  {
    sandbox,
    passed,
  }: { readonly sandbox: { readonly kind: Isolation }; readonly passed: Readonly<Record<string, string>> },
  place: Pick<Workplace, 'home' | 'temporary' | 'cliConfigFile'>,
  reattach: string,
): Record<string, string> {
  return {
    ...passed,
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: place.home,
    TMPDIR: sandbox.kind === 'bubblewrap' ? '/tmp' : place.temporary,
    LANG: 'C.UTF-8',
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    TF_CLI_CONFIG_FILE: place.cliConfigFile,
    TF_REATTACH_PROVIDERS: withPid(reattach, sandbox.kind),
  }
}

/**
 * Terraform asks every second whether the process that serves a provider lives, by a signal, and gives its calls up when
 * it may not send one. Ours is out of its sight in bubblewrap, whose first process lives as long; and belongs to another
 * user elsewhere, where `sandbox.ts` puts Terraform's own process id in place of the zero.
 */
function withPid(reattach: string, kind: Isolation): string {
  if (kind === 'none') return reattach
  return reattach.replaceAll(/"Pid":\d+/g, `"Pid":${kind === 'bubblewrap' ? 1 : 0}`)
}
