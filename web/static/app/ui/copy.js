import { byId } from './ui.js'

/** How long the button tells what came of it, ms. */
const TOLD = 2000

/**
 * Has a button copy a text. Where the clipboard is shut, as on pages without
 * TLS, the text is selected for the keyboard to copy.
 *
 * @param {string} id    of the button
 * @param {() => string} text
 * @param {HTMLElement} shown  where the text stands in the page
 */
export function copyOnClick(id, text, shown) {
  const button = byId(id)
  const name = button.textContent
  button.onclick = async () => {
    button.textContent = await copied(text(), shown) ? 'Copied' : 'Press Ctrl+C'
    setTimeout(() => (button.textContent = name), TOLD)
  }
}

/**
 * @param {string} text
 * @param {HTMLElement} shown
 */
async function copied(text, shown) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    shown.textContent = text
    getSelection()?.selectAllChildren(shown)
    return false
  }
}
