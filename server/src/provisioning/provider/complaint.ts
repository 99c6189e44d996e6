/** Where in a block: names of attributes and blocks, and positions in lists of blocks. */
export type Path = readonly (string | number)[]

/** What is wrong with a template. Terraform adds the file, the line and the snippet that the path leads to. */
export interface Complaint {
  readonly path: Path
  readonly summary: string
  readonly detail: string
}

export function complaint(path: Path, summary: string, detail: string): Complaint {
  return { path, summary, detail }
}

/** Thrown by whatever answers Terraform: every complaint becomes one of its diagnostics. */
export class Complaints extends Error {
  readonly all: readonly Complaint[]

  constructor(all: readonly Complaint[]) {
    super(all.map(({ summary }) => summary).join('; '))
    this.all = all
  }
}

/** `Diagnostic` of the protocol, as an error. */
export function diagnostic({ path, summary, detail }: Complaint): object {
  return { severity: 1, summary, detail, attribute: path.length === 0 ? null : attributePath(path) }
}

/** `AttributePath` of the protocol. */
export function attributePath(path: Path): object {
  return {
    steps: path.map((step) => (typeof step === 'string' ? { attributeName: step } : { elementKeyInt: step })),
  }
}
