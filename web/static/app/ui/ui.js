/**
 * The element with this id, which the page has.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id)
  if (!found) throw new Error(`no element #${id}`)
  return /** @type {T} */ (found)
}

/**
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {(Node | string)[]} children
 */
export function el(tag, props = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props)
  node.append(...children)
  return node
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value))
  node.append(...children)
  return node
}

/**
 * Sets a node's text, unless it says that already: what doesn't change isn't
 * drawn, nor read out again.
 *
 * @param {Node} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text
}

/**
 * @param {HTMLElement} node
 * @param {boolean} shown
 */
export function reveal(node, shown) {
  if (node.hidden === shown) node.hidden = !shown
}

/**
 * Rows of a description list.
 *
 * @param {[string, string][]} rows
 */
export function facts(rows) {
  return el('dl', { className: 'facts' }, ...rows.map(([name, value]) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, value))))
}

/**
 * @param {HTMLElement} pill
 * @param {string} text
 * @param {'' | 'good' | 'warn' | 'bad'} [kind]
 */
export function setPill(pill, text, kind = '') {
  say(pill, text)
  const name = kind ? `pill ${kind}` : 'pill'
  if (pill.className !== name) pill.className = name
}

/**
 * Says what went wrong, until dismissed; the same thing once. Returns a function that takes it back.
 *
 * @param {string} message
 * @returns {() => void}
 */
export function alertUser(message) {
  message = sentence(message)
  const alerts = byId('alerts')
  for (const shown of alerts.children) if (shown.firstChild?.textContent === message) return () => shown.remove()
  const box = el('p', { className: 'alert' }, el('span', {}, message))
  box.append(el('button', { type: 'button', onclick: () => box.remove() }, 'Dismiss'))
  alerts.append(box)
  return () => box.remove()
}

/**
 * @param {unknown} error
 * @returns {() => void}  takes it back
 */
export function alertError(error) {
  return alertUser(error instanceof Error ? error.message : String(error))
}

/** Does the user ask for little motion? */
export function calm() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}

/** @param {string} text */
function sentence(text) {
  const end = /[.!?]$/.test(text) ? '' : '.'
  return text.replace(/^[a-z]+\b/, word => word[0].toUpperCase() + word.slice(1)) + end
}
