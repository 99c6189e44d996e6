/**
 * Our pages allow no style that is written into the document, and xterm writes some where it is opened. While it does, a
 * `<style>` that is made is an element whose text becomes a style sheet that the page adopts. (Its `documentOverride`
 * would be for this, and does not reach all of it as of 6.0.)
 */
export function withAdoptedStyles(work: () => void): void {
  const create = document.createElement.bind(document)
  const made = (tag: string): HTMLElement => (tag === 'style' ? sheet() : create(tag))
  Object.defineProperty(document, 'createElement', { configurable: true, value: made })
  try {
    work()
  } finally {
    // What is underneath is the browser's own.
    Reflect.deleteProperty(document, 'createElement')
  }
}

function sheet(): HTMLElement {
  const element = document.createElementNS('http://www.w3.org/1999/xhtml', 'span')
  const adopted = new CSSStyleSheet()
  let text = ''
  element.hidden = true
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, adopted]
  Object.defineProperty(element, 'textContent', {
    get: () => text,
    set(given: string) {
      text = given
      adopted.replaceSync(given)
    },
  })
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== adopted)
    Element.prototype.remove.call(element)
  }
  return element
}
