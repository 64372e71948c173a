import { copyOnClick } from './copy.js'
import { at, base } from './server.js'
import { byId, el, say } from './ui.js'

/** The address by which this page came. */
const own = base.replace(/\/$/, '')
const select = /** @type {HTMLSelectElement} */ (byId('base'))

/** For whom the link is, and what that says. */
const NOTES = {
  device: 'Point a phone’s camera here, or open the link on any device of this network: it flashes, plays and records.',
  watch: 'For whoever only watches: the media plays in step with everybody else’s.',
}

/** What is said of a link that leads through the page where phones learn to trust this server. */
const SETUP = ' A new phone needs this server’s certificate first: the code leads it through that, then on; phones that have it go straight on.'

/** The links to join by, as text and as a QR code. */
export class Links {
  #sessionId
  #key = ''
  /** @type {'device' | 'watch'} */ #page = 'device'

  /**
   * A console that was opened as localhost offers the server's addresses on
   * the network instead.
   *
   * @param {string} sessionId
   */
  constructor(sessionId) {
    this.#sessionId = sessionId
    select.onchange = () => this.#draw()
    for (const page of /** @type {const} */ (['device', 'watch'])) byId(`for-${page}`).onchange = () => this.#turn(page)
    copyOnClick('copy', () => byId('link').textContent ?? '', byId('link'))
    fill([own])
    this.#draw()
    addresses().then(urls => {
      fill(urls)
      this.#draw()
    })
  }

  /** @param {string} key  the session's join key */
  setKey(key) {
    if (key === this.#key) return
    this.#key = key
    this.#draw()
  }

  /** @param {'device' | 'watch'} page */
  #turn(page) {
    this.#page = page
    byId('qr-link').setAttribute('aria-label', page === 'watch' ? 'Open the watch page' : 'Open the device page')
    this.#draw()
  }

  #draw() {
    const url = this.#url(select.value, this.#page)
    say(byId('join-note'), NOTES[this.#page] + (setsUp(select.value) ? SETUP : ''))
    const watch = /** @type {HTMLAnchorElement} */ (byId('watch-link'))
    watch.href = this.#url(own, 'watch')
    const link = /** @type {HTMLAnchorElement} */ (byId('link'))
    link.textContent = link.href = url
    const around = /** @type {HTMLAnchorElement} */ (byId('qr-link'))
    around.href = url
    drawCode(url).catch(() => {}) // the link itself is there
  }

  /**
   * @param {string} base
   * @param {string} page
   */
  #url(base, page) {
    const key = this.#key ? `#key=${this.#key}` : ''
    return `${base.replace(/\/$/, '')}/${page}?session=${encodeURIComponent(this.#sessionId)}${key}`
  }
}

/** @param {string} base  one of `addresses` */
function setsUp(base) {
  return base.endsWith('#')
}

/** @param {string[]} urls */
function fill(urls) {
  const named = (/** @type {string} */ url) => (setsUp(url) ? `${url.slice(0, -1)} (sets new devices up first)` : url)
  select.replaceChildren(...urls.map(url => el('option', { value: url }, named(url))))
  byId('base-field').hidden = urls.length < 2
}

/**
 * The code is asked for in a body, not in a URL: a key may be in it, and URLs are kept in logs.
 *
 * @param {string} url
 */
async function drawCode(url) {
  const response = await fetch(at('qr.svg'), { method: 'POST', body: url })
  const svg = await response.text()
  if (!response.ok || byId('link').textContent !== url) return
  const image = /** @type {HTMLImageElement} */ (byId('qr'))
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`
}

/** The base URLs that a device may use, the best first. */
async function addresses() {
  const response = await fetch(at('api/info')).catch(() => null)
  const info = response?.ok ? await response.json() : {}
  /** @type {string[]} */
  const urls = (info.urls ?? []).map((/** @type {string} */ url) => url.replace(/\/$/, ''))
  const reachable = isLocal(own) ? [...urls.filter(url => !isLocal(url)), own] : [own, ...urls]
  // The setup page goes on to what its fragment names, at once where the device trusts the server.
  return [...new Set([...(info.setupUrl ? [`${info.setupUrl}#`] : []), ...reachable])]
}

/** @param {string} url */
function isLocal(url) {
  return /^(localhost|127\.|\[::1\])/.test(new URL(url).hostname)
}
