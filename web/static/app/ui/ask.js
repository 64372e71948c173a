import { byId, el } from './ui.js'

/**
 * Asks in the page whether to go on; resolves to the answer. What changes nothing is the
 * answer that stands out, and that Enter gives.
 *
 * @param {string} title
 * @param {string[]} reasons
 * @param {string} yes
 * @param {string} [no]
 * @returns {Promise<boolean>}
 */
export function ask(title, reasons, yes, no = 'Not yet') {
  const dialog = /** @type {HTMLDialogElement} */ (byId('ask'))
  if (dialog.open) return Promise.resolve(false)
  byId('ask-title').textContent = title
  byId('ask-why').replaceChildren(...reasons.map(reason => el('li', {}, reason)))
  byId('ask-yes').textContent = yes
  byId('ask-no').textContent = no
  dialog.returnValue = ''
  dialog.showModal()
  return new Promise(resolve => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }))
}
