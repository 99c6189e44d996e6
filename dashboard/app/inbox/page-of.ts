/**
 * The page that a notification leads to. The server writes the address under which the deployment is known, which need
 * not be the one that this browser has it by: only the page counts, and it is always one of this console.
 */
export function pageOf(address: string): { to: string; search: Record<string, string> } | null {
  const url = URL.parse(address, 'http://here')
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null
  return { to: url.pathname.replace(/^\/+/, '/'), search: Object.fromEntries(url.searchParams) }
}
