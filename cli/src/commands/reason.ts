/** `--reason`, which goes with everything that shows words of other people. */
export interface ReasonInput {
  readonly reason: string | undefined
}

export const reasonQuery = ({ reason }: ReasonInput): { reason?: string } => (reason === undefined ? {} : { reason })
