/** The blocks of a file in HCL, by kind and labels; what a block has is a list, one element a block. */
export type Blocks = Readonly<Record<string, unknown>>

/** The labelled blocks of one kind: `variable "a" {}` and `variable "b" {}` as pairs of label and body. */
export function entries(kind: unknown): [string, Record<string, unknown>][] {
  return Object.entries(Object(kind)).flatMap(([label, bodies]) =>
    // In JSON this is a comment.
    label === '//' ? [] : [bodies].flat().map((body): [string, Record<string, unknown>] => [label, Object(body)]),
  )
}
