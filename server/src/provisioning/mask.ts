/** Shorter ones would be found by chance, and give themselves away by where they are hidden. */
const charsMin = 6

/**
 * Hides values from what goes into a log. Terraform hides what it knows to be sensitive; what a program of the template's
 * prints it does not know. A value of several lines is hidden line by line, as it is printed.
 */
export function masker(secrets: Iterable<string>): (text: string) => string {
  const parts = [...secrets].flatMap((secret) => secret.split(/\r?\n/)).map((part) => part.trim())
  const hidden = [...new Set(parts)].filter((part) => part.length >= charsMin).toSorted((a, b) => b.length - a.length)
  return (text) => hidden.reduce((masked, part) => masked.replaceAll(part, '[secret]'), text)
}
