import { byId, el } from './ui.js'

/**
 * Asks in the page whether to go on; resolves to the answer.
 *
 * @param {string} title
 * @param {string[]} reasons
 * @param {string} yes
 * @returns {Promise<boolean>}
 */
export function ask(title, reasons, yes) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('ask'))
  if (dialog.open) return Promise.resolve(false)
  byId('ask-title').textContent = title
  byId('ask-why').replaceChildren(...reasons.map(reason => el('li', {}, reason)))
  byId('ask-yes').textContent = yes
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise(resolve => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }))
}
