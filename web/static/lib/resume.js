import { browser, tab } from './webstorage.js'

/**
 * Whom a page joins a session as. A page that is reloaded, or closed and opened again, is its device
 * again. The people's pages of a browser (without a deviceType) are devices of one user, who leads on
 * all of them or on none; each device by itself is a user with a name of its own. The tokens that
 * prove it are kept for the browser; the seats next to them are held by the tabs that use them.
 */

const KEY = 'downbeat:members'
/** Sessions of which something is kept, the one joined last first. */
const PLACES = 24
/** Devices of each kind in one session. */
const SEATS = 16
/** A reload may overtake the old page's end: it is given this long, ms. */
const OVERTAKEN = 500
/** Other tabs that are there answer sooner, ms. */
const ANSWERED = 150

/**
 * A device: its seat's name, its token, its user's token.
 *
 * @typedef {[name: string, token: string, user: string]} Seat
 */

/**
 * What is kept of one session: the token of the user who all people's pages are, and seats by kind of page.
 *
 * @typedef {{place: string, user: string, seats: Record<string, Seat[]>}} Members
 */

/** Names of seats that this page uses. */
/** @type {Set<string>} */
const used = new Set()

export class Identity {
  #place
  #kind
  #shared
  #lasting
  /** @type {Seat} */ #seat = ['', '', '']

  /**
   * @param {string} place      of the session: server and id
   * @param {string} [deviceType]
   * @param {boolean} [lasting]  false: for this tab alone, as somebody else than the browser's other pages
   */
  constructor(place, deviceType, lasting = true) {
    this.#place = place
    this.#kind = `${deviceType ?? 'user'} ${location.pathname}`
    this.#shared = lasting && !deviceType
    this.#lasting = lasting
  }

  get #tabKey() {
    return `downbeat:${this.#place}:${this.#kind}`
  }

  /** @returns {Promise<{resumeToken?: string, userToken?: string}>} */
  async recall() {
    const [token = '', own = '', user = ''] = (tab.get(this.#tabKey) ?? '').split(' ')
    const kept = this.#lasting ? find(this.#place) : null
    const others = (kept?.seats[this.#kind] ?? []).filter(([name]) => name !== own)
    for (const seat of /** @type {Seat[]} */ ([[own, token, user], ...others])) {
      if (!seat[1] || !(await hold(seat[0], seat[0] === own ? OVERTAKEN : 0))) continue
      this.#seat = seat
      return { resumeToken: seat[1], ...(seat[2] ? { userToken: seat[2] } : {}) }
    }
    return this.#shared && kept?.user ? { userToken: kept.user } : {}
  }

  /**
   * @param {string} token  of the device
   * @param {string} [userToken]  where it is told
   */
  remember(token, userToken) {
    const name = this.#seat[0] || Math.random().toString(36).slice(2)
    const user = userToken ?? this.#seat[2]
    void hold(name, OVERTAKEN)
    this.#seat = [name, token, user]
    tab.set(this.#tabKey, `${token} ${name} ${user}`)
    if (!this.#lasting) return
    change(this.#place, kept => {
      if (this.#shared && user) kept.user = user
      const others = (kept.seats[this.#kind] ?? []).filter(seat => seat[0] !== name && seat[1] !== token)
      kept.seats[this.#kind] = [this.#seat, ...others].slice(0, SEATS)
    })
  }

  /** The device is of no use any more. */
  forget() {
    tab.remove(this.#tabKey)
    if (this.#lasting) change(this.#place, ({ seats }) => (seats[this.#kind] = (seats[this.#kind] ?? []).filter(seat => seat[0] !== this.#seat[0])))
    this.release()
  }

  /** Another of this page's may be the device. */
  release() {
    used.delete(this.#seat[0])
    this.#seat = ['', '', '']
  }
}

/** @returns {Members[]} */
function all() {
  const kept = browser.read(KEY)
  return Array.isArray(kept) ? kept.filter(k => k?.place && k.seats) : []
}

/** @param {string} place */
function find(place) {
  return all().find(kept => kept.place === place)
}

/**
 * @param {string} place
 * @param {(kept: Members) => void} fn
 */
function change(place, fn) {
  const kept = find(place) ?? { place, user: '', seats: {} }
  fn(kept)
  browser.set(KEY, JSON.stringify([kept, ...all().filter(k => k.place !== place)].slice(0, PLACES)))
}

/** Names that this page holds against others, until it ends. */
/** @type {Set<string>} */
const held = new Set()

/**
 * Takes a name; false when another tab, or another session of this page, has it.
 *
 * @param {string} name
 * @param {number} patience  ms
 */
async function hold(name, patience) {
  if (used.has(name)) return false
  used.add(name)
  if (held.has(name) || await (navigator.locks ? lock(name, patience) : ask(name))) held.add(name)
  else used.delete(name)
  return used.has(name)
}

/**
 * @param {string} name
 * @param {number} patience  ms
 * @returns {Promise<boolean>}
 */
function lock(name, patience) {
  const signal = patience ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true }
  return new Promise(resolve => {
    navigator.locks.request('downbeat:' + name, signal, got => {
      resolve(!!got)
      return got && new Promise(() => {})
    }).catch(() => resolve(false))
  })
}

/**
 * Pages that came over plain HTTP have no locks: they ask the others. Of two that ask at once one
 * gives way.
 *
 * @param {string} name
 * @returns {Promise<boolean>}
 */
function ask(name) {
  /** @type {BroadcastChannel} */
  let channel
  try {
    channel = new BroadcastChannel('downbeat:' + name)
  } catch {
    return Promise.resolve(true) // nothing is shared with other tabs
  }
  const mine = Math.random()
  return new Promise(resolve => {
    channel.onmessage = ({ data }) => {
      if (!held.has(name) && (data === 'held' || data < mine)) settle(false)
      else if (data !== 'held') channel.postMessage('held')
    }
    const timer = setTimeout(() => settle(true), ANSWERED)
    const settle = (/** @type {boolean} */ free) => {
      clearTimeout(timer)
      if (!free) channel.close()
      resolve(free)
    }
    channel.postMessage(mine)
  })
}
