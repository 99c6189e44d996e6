/** By the browser itself, straight to disk: however long the file is, the page holds nothing of it. */
export function download(path: string): void {
  const link = document.createElement('a')
  link.href = path
  link.download = ''
  link.click()
}
