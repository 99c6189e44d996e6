import { HostileLine } from '../ui/hostile-text.tsx'

/** What something is called: its title where it has one, else its name. */
export const titleOf = ({ name, display_name }: { readonly name: string; readonly display_name: string }): string =>
  display_name === '' ? name : display_name

/** A title with the name that scripts know it by. */
export function Titled({ of }: { of: { readonly name: string; readonly display_name: string } }) {
  return <HostileLine text={of.display_name === '' ? of.name : `${of.display_name} (${of.name})`} />
}
