/**
 * Words for people who do not see the screen change. One polite region for the whole page; what comes within a second
 * of each other is said once, the last words winning.
 */
let timer: ReturnType<typeof setTimeout> | undefined

export function announce(words: string): void {
  clearTimeout(timer)
  timer = setTimeout(() => {
    const region = document.getElementById('announcements')
    if (region !== null) region.textContent = words
  }, 250)
}
