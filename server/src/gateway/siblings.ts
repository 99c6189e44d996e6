/** What a process lately let in, for those beside it on the same machine that keep to the same limits. */
export interface Share {
  /** Requests since the last time it told, by key. */
  readonly users: Readonly<Record<string, number>>
  readonly organizations: Readonly<Record<string, number>>
  /** Open now, by provider and in all. */
  readonly providers: Readonly<Record<string, number>>
  readonly open: number
}

/** The other gateway processes of this machine. */
export interface Siblings {
  tell(share: Share): void
  /** `share` is null when that process is gone. */
  onShare(heard: (from: number, share: Share | null) => void): void
}
