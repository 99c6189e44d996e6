import { existsSync } from 'node:fs'

/**
 * The sandbox's view of the files as plain data, in the order in which it is laid: what comes later lies on top. Paths
 * are absolute and resolved; of `from` in the machine's view, of `at` in the sandbox's.
 */
export type Mount =
  /** A file or directory of the machine, as it is or to be written to. */
  | { readonly kind: 'read' | 'write'; readonly from: string; readonly at: string }
  /** An empty directory of the session's own, gone with it. */
  | { readonly kind: 'empty'; readonly at: string }
  /** Nothing to be read and nothing to be written, in the place of a file or of a directory that is there. */
  | { readonly kind: 'no-file' | 'no-directory'; readonly at: string }
  | { readonly kind: 'link'; readonly to: string; readonly at: string }
  | { readonly kind: 'devices' | 'processes'; readonly at: string }

/** The plan in bubblewrap's words. What cannot be laid as it was planned is not run. */
export function bubblewrapArguments(mounts: readonly Mount[]): readonly string[] {
  return mounts.flatMap((mount) => words(mount))
}

function words(mount: Mount): readonly string[] {
  switch (mount.kind) {
    case 'read':
      return ['--ro-bind', mount.from, mount.at]
    case 'write':
      return ['--bind', mount.from, mount.at]
    case 'empty':
      return ['--tmpfs', mount.at]
    case 'no-file':
      return ['--ro-bind', '/dev/null', mount.at]
    case 'no-directory':
      return ['--perms', '0000', '--tmpfs', mount.at, '--remount-ro', mount.at]
    case 'link':
      return ['--symlink', mount.to, mount.at]
    case 'devices':
      return ['--dev', mount.at]
    case 'processes':
      return [
        '--proc',
        mount.at,
        ...settings.flatMap((name) => ['--ro-bind-try', `/proc/${name}`, `${mount.at}/${name}`]),
        ...windows.flatMap((name) =>
          existsSync(`/proc/${name}`) ? ['--ro-bind', '/dev/null', `${mount.at}/${name}`] : [],
        ),
      ]
  }
}

/**
 * Files of `/proc` belong to the machine's root, and root inside is that root without its capabilities: what the mode of
 * such a file lets its owner write, it could write. `sys/kernel/core_pattern` names a program that the kernel starts
 * outside of everything. Kernels differ in which of these they have.
 */
const settings = [
  'sys',
  'sysrq-trigger',
  'irq',
  'bus',
  'fs',
  'acpi',
  'scsi',
  'driver',
  'asound',
  'mtrr',
  'dynamic_debug',
  'pressure',
]
/** What shows the machine's memory and keys. */
const windows = [
  'kcore',
  'kmsg',
  'keys',
  'key-users',
  'kpagecount',
  'kpageflags',
  'kpagecgroup',
  'sched_debug',
  'timer_list',
  'vmallocinfo',
  'slabinfo',
  'iomem',
  'ioports',
]
