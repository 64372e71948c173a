import { byId, el } from './ui.js'

/**
 * Shows the link to join as text and as a QR code. A console that was opened
 * as localhost offers the server's addresses on the network instead.
 *
 * @param {string} sessionId
 * @param {string} [key]  the session's join key
 */
export async function showLink(sessionId, key) {
  const select = /** @type {HTMLSelectElement} */ (byId('base'))
  const show = () => draw(`${select.value.replace(/\/$/, '')}/device?session=${encodeURIComponent(sessionId)}${key ? `#key=${key}` : ''}`)
  fill(select, [location.origin])
  show()
  select.onchange = show
  byId('copy').onclick = () => copy(byId('link').textContent ?? '')
  fill(select, await addresses())
  show()
}

/**
 * @param {HTMLSelectElement} select
 * @param {string[]} urls
 */
function fill(select, urls) {
  select.replaceChildren(...urls.map(url => el('option', { value: url }, url)))
  select.hidden = urls.length < 2
}

/** @param {string} url */
function draw(url) {
  const link = /** @type {HTMLAnchorElement} */ (byId('link'))
  link.textContent = link.href = url
  const around = /** @type {HTMLAnchorElement} */ (byId('qr-link'))
  around.href = url
  drawCode(url).catch(() => {}) // the link itself is there
}

/**
 * The code is asked for in a body, not in a URL: a key may be in it, and URLs are kept in logs.
 *
 * @param {string} url
 */
async function drawCode(url) {
  const response = await fetch('/qr.svg', { method: 'POST', body: url })
  const svg = await response.text()
  if (!response.ok || byId('link').textContent !== url) return
  const image = /** @type {HTMLImageElement} */ (byId('qr'))
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`
}

/** The base URLs that a device may use, the best first. */
async function addresses() {
  const own = location.origin
  const response = await fetch('/api/info').catch(() => null)
  const info = response?.ok ? await response.json() : {}
  /** @type {string[]} */
  const urls = (info.urls ?? []).map((/** @type {string} */ url) => url.replace(/\/$/, ''))
  const reachable = isLocal(own) ? [...urls.filter(url => !isLocal(url)), own] : [own, ...urls]
  return [...new Set(reachable)]
}

/** @param {string} url */
function isLocal(url) {
  return /^(localhost|127\.|\[::1\])/.test(new URL(url).hostname)
}

/** @param {string} text */
async function copy(text) {
  const button = byId('copy')
  try {
    await navigator.clipboard.writeText(text)
    button.textContent = 'Copied'
  } catch {
    getSelection()?.selectAllChildren(byId('link'))
    button.textContent = 'Press Ctrl+C'
  }
  setTimeout(() => (button.textContent = 'Copy link'), 2000)
}
