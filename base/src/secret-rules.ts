/**
 * What counts as a secret: credentials of known forms. Version 1 of the rules; a mask names the version that made it. A
 * rule that changes what it finds makes a new version, so that two masks of one version are comparable.
 *
 * All forms are ASCII. No secret crosses a quotation mark: JSON has one on either side of every string, so that what
 * stands between two of them can be judged by itself.
 */
export const secretRulesVersion = 1

export interface SecretRule {
  readonly name: string
  /** The characters that its anchor can begin with. */
  readonly first: string
  /** What its secrets begin with, as a pattern: a few characters that are rare in text. */
  readonly anchor: string
  /** Whether it must begin a word, because what it begins with may stand anywhere. */
  readonly word?: true
  /** The whole, from the anchor on. A group named `secret` is the part that is one, where that is not everything. */
  readonly pattern: string
}

const begin = String.raw`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----`
const end = String.raw`-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----`
/** Longer than any key of the field. */
export const pemCharsMax = 16 * 1024

export const secretRules: readonly SecretRule[] = [
  { name: 'reeve', first: 'r', anchor: 'rv_', pattern: 'rv_[0-9A-Za-z]{10}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}' },
  { name: 'anthropic', first: 's', anchor: 'sk-', pattern: 'sk-ant-[A-Za-z0-9_-]{20,1024}' },
  { name: 'openai', first: 's', anchor: 'sk-', word: true, pattern: 'sk-[A-Za-z0-9_-]{20,1024}' },
  { name: 'google', first: 'A', anchor: 'AIza', word: true, pattern: 'AIza[A-Za-z0-9_-]{35}' },
  { name: 'aws', first: 'A', anchor: 'A(?:KIA|SIA)', word: true, pattern: 'A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])' },
  { name: 'github', first: 'g', anchor: 'gh[pousr]_', pattern: 'gh[pousr]_[A-Za-z0-9]{36,255}' },
  { name: 'github', first: 'g', anchor: 'github_pat_', pattern: 'github_pat_[A-Za-z0-9_]{22,255}' },
  { name: 'gitlab', first: 'g', anchor: 'glpat-', pattern: 'glpat-[A-Za-z0-9_.-]{20,255}' },
  { name: 'slack', first: 'x', anchor: 'xox[abeprs]-', pattern: 'xox[abeprs]-[A-Za-z0-9-]{18,255}' },
  { name: 'slack', first: 'x', anchor: 'xapp-', pattern: 'xapp-[A-Za-z0-9-]{18,255}' },
  { name: 'stripe', first: 'rs', anchor: '[rs]k_(?:live|test)_', pattern: '[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}' },
  {
    name: 'jwt',
    first: 'e',
    anchor: 'eyJ',
    word: true,
    pattern: String.raw`eyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{16,2048}`,
  },
  {
    // Read from a file it may have line numbers between its lines; without its end only what is base64 belongs to it.
    name: 'pem',
    first: '-',
    anchor: '-----BEGIN ',
    pattern: String.raw`${begin}(?:(?:(?!-----BEGIN)[^"]){0,${pemCharsMax}}?${end}|(?:[A-Za-z0-9+/=]|\\+[nrt]|[\r\n]){32,${pemCharsMax}})`,
  },
  {
    name: 'url',
    first: ':',
    anchor: String.raw`:(?:\/|\\\/){2}`,
    pattern: String.raw`:(?:\/|\\\/){2}[^\s"'\\/@:<>]{0,256}:(?!\*+@|\[url\.)(?<secret>[^\s"'\\/@<>]{3,512})@`,
  },
]
