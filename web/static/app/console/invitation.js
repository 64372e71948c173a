import { copyOnClick } from '../ui/copy.js'
import { creator } from '../ui/creatorstore.js'
import { at, base } from '../ui/server.js'
import { byId, el, reveal, say } from '../ui/ui.js'

/** The address by which this page came. */
const own = base.replace(/\/$/, '')
const select = /** @type {HTMLSelectElement} */ (byId('base'))

/** @typedef {'device' | 'watch' | 'direct'} Role */

/** Whom a link is for: the page that it opens, what that is called, and what it is good for. */
/** @type {Record<Role, {page: string, open: string, note: string}>} */
const LINKS = {
  device: {
    page: 'device', open: 'Open the device page',
    note: 'Opens the device page: point a phone’s camera at the code, or open the link on any device of this network. It flashes, and films if you let it. It never leads.',
  },
  watch: {
    page: 'watch', open: 'Open the watch page',
    note: 'Opens the watch page: films and music play there in step with everybody else’s. It sees nothing of the takes, and never leads.',
  },
  direct: {
    page: '', open: 'Open another console',
    note: 'Opens this console for somebody who may lead as you do: hand the lead over, or leave it to them. Give it to nobody else.',
  },
}
const ROLES = /** @type {Role[]} */ (['device', 'watch', 'direct'])

/** What is said of a link that leads through the page where phones learn to trust this server. */
const SETUP = ' A new phone needs this server’s certificate first: the code leads it through that, then on; phones that have it go straight on.'

/** The links to join by, as text and as a QR code. */
export class Invitation {
  #sessionId
  /** The key of each link, where the server has such keys. */
  /** @type {Partial<Record<Role, string>>} */ #keys = {}
  #leads = false
  /** @type {Role} */ #role = 'device'

  /**
   * A console that was opened as localhost offers the server's addresses on
   * the network instead.
   *
   * @param {string} sessionId
   */
  constructor(sessionId) {
    this.#sessionId = sessionId
    select.onchange = () => this.#draw()
    for (const role of ROLES) byId(`for-${role}`).onchange = () => this.turn(role)
    copyOnClick('copy', () => byId('link').textContent ?? '', byId('link'))
    fill([own])
    this.#draw()
    addresses().then(urls => {
      fill(urls)
      this.#draw()
    })
  }

  /**
   * @param {object} joined  what this console may hand out
   * @param {Partial<Record<Role, string>> | null} [joined.keys]
   * @param {string} [joined.joinKey]  the one for devices alone
   * @param {boolean} leads
   */
  setKeys({ keys, joinKey }, leads) {
    const all = keys ?? (joinKey ? { device: joinKey } : {})
    if (leads === this.#leads && JSON.stringify(all) === JSON.stringify(this.#keys)) return
    this.#keys = all
    this.#leads = leads
    for (const role of ROLES) reveal(/** @type {HTMLElement} */ (byId(`for-${role}`).parentElement), this.#may(role))
    if (!this.#may(this.#role)) this.#role = 'device'
    this.#draw()
  }

  /**
   * A link that lets people lead isn't offered by who doesn't, and none whose key isn't known here.
   *
   * @param {Role} role
   */
  #may(role) {
    const keyed = Object.keys(this.#keys).length > 0
    return role === 'device' || (keyed ? !!this.#keys[role] : role === 'watch' || this.#leads)
  }

  /**
   * Shows the link for somebody.
   *
   * @param {Role} role
   */
  turn(role) {
    if (role === this.#role || !this.#may(role)) return
    this.#role = role
    this.#draw()
  }

  #draw() {
    const { open, note } = LINKS[this.#role]
    const url = this.#url(select.value, this.#role)
    const box = /** @type {HTMLInputElement} */ (byId(`for-${this.#role}`))
    if (!box.checked) box.checked = true
    byId('qr-link').setAttribute('aria-label', open)
    say(byId('join-note'), note + (setsUp(select.value) ? SETUP : ''))
    const watch = /** @type {HTMLAnchorElement} */ (byId('watch-link'))
    // This browser's own: the leader leads there as well. Its creator does by the browser's token.
    watch.href = this.#url(own, 'watch', this.#leads && !creator(this.#sessionId) ? this.#keys.direct : undefined)
    const light = /** @type {HTMLAnchorElement} */ (byId('light-link'))
    light.href = this.#url(own, 'device', undefined, 'light') // a device of the session, by that key
    const link = /** @type {HTMLAnchorElement} */ (byId('link'))
    link.textContent = link.href = url
    const around = /** @type {HTMLAnchorElement} */ (byId('qr-link'))
    around.href = url
    drawCode(url).catch(() => {}) // the link itself is there
  }

  /**
   * @param {string} base
   * @param {Role} role
   * @param {string} [key]
   * @param {string} [page]
   */
  #url(base, role, key = this.#keys[role], page = LINKS[role].page) {
    return `${base.replace(/\/$/, '')}/${page}?session=${encodeURIComponent(this.#sessionId)}${key ? `#key=${key}` : ''}`
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
