import { cut } from './characters.js'

/**
 * Keeps inputs of a page with `data-most` to that many characters. `maxlength` counts
 * UTF-16 units, of which a family has eleven, and cuts it in the middle.
 *
 * @param {ParentNode} [within]
 */
export function limitInputs(within = document) {
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (within.querySelectorAll('input[data-most]'))) limit(input)
}

/** @param {HTMLInputElement} input  with `data-most` */
export function limit(input) {
  const hold = () => {
    const short = cut(input.value, Number(input.dataset.most))
    if (short !== input.value) input.value = short
  }
  input.addEventListener('input', event => (/** @type {InputEvent} */ (event)).isComposing || hold())
  input.addEventListener('compositionend', hold)
  input.addEventListener('change', hold)
}
