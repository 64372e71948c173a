import { browser } from '../../lib/webstorage.js'

/** Where it is kept that somebody doesn't want them. */
const KEPT = 'downbeat:shortcuts'

/**
 * Single keys that do something, unless somebody types, a dialog is open, or
 * they are switched off.
 *
 * @param {Record<string, () => void>} actions  by key, in lower case
 * @param {HTMLInputElement} box  the checkbox that switches them
 * @returns {() => void}  undoes it
 */
export function shortcuts(actions, box) {
  box.checked = browser.get(KEPT) !== 'off'
  box.onchange = () => void browser.set(KEPT, box.checked ? 'on' : 'off')
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const action = actions[event.key.toLowerCase()]
    if (!action || !box.checked || !plain(event) || document.querySelector('dialog[open]')) return
    event.preventDefault()
    action()
  }
  addEventListener('keydown', pressed)
  return () => removeEventListener('keydown', pressed)
}

/**
 * A key by itself, once, and not typed into anything.
 *
 * @param {{repeat: boolean, ctrlKey: boolean, altKey: boolean, metaKey: boolean, target: any}} event
 */
export function plain({ repeat, ctrlKey, altKey, metaKey, target }) {
  if (repeat || ctrlKey || altKey || metaKey) return false
  if (target?.isContentEditable) return false
  const tag = target?.tagName
  if (tag === 'INPUT') return target.type === 'checkbox' || target.type === 'radio'
  return tag !== 'TEXTAREA' && tag !== 'SELECT'
}
