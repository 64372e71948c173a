import { tab } from './kept.js'

/**
 * Keeps the token that makes a reloaded page the same device again, in the
 * tab's own storage. A duplicated tab gets a copy of that storage: each token
 * has a name beside it, which the tab that uses it holds, so that the copy becomes a
 * device of its own.
 */

/** A reload may overtake the old page's end: it is given this long, ms. */
const OVERTAKEN = 500
/** Other tabs that are there answer sooner, ms. */
const ANSWERED = 150

/**
 * The token kept under `key`, unless another tab is using it.
 *
 * @param {string} key
 * @returns {Promise<string | undefined>}
 */
export async function recall(key) {
  const [token, name] = read(key)
  if (!token || !name) return undefined
  return (await hold(name)) ? token : undefined
}

/**
 * @param {string} key
 * @param {string} token
 */
export function remember(key, token) {
  const [kept, before] = read(key)
  const name = kept === token && held.has(before) ? before : Math.random().toString(36).slice(2)
  tab.set(key, `${token} ${name}`)
  hold(name)
}

/** @param {string} key  whose token is of no use any more */
export function forget(key) {
  tab.remove(key)
}

/** @param {string} key */
function read(key) {
  return (tab.get(key) ?? '').split(' ')
}

/** Names that this page holds. */
/** @type {Set<string>} */
const held = new Set()

/**
 * Takes a name for as long as the page lives; false when another tab has it.
 *
 * @param {string} name
 */
async function hold(name) {
  if (held.has(name)) return true
  if (!(await (navigator.locks ? lock(name) : ask(name)))) return false
  held.add(name)
  return true
}

/**
 * @param {string} name
 * @returns {Promise<boolean>}
 */
function lock(name) {
  const giveUp = new AbortController()
  const timer = setTimeout(() => giveUp.abort(), OVERTAKEN)
  return new Promise(resolve => {
    navigator.locks.request('downbeat:' + name, { signal: giveUp.signal }, () => {
      clearTimeout(timer)
      resolve(true)
      return new Promise(() => {})
    }).catch(() => resolve(false))
  })
}

/**
 * Pages that came over plain HTTP have no locks: they ask the others.
 *
 * @param {string} name
 * @returns {Promise<boolean>}
 */
function ask(name) {
  if (typeof BroadcastChannel === 'undefined') return Promise.resolve(true)
  const channel = new BroadcastChannel('downbeat:' + name)
  return new Promise(resolve => {
    channel.onmessage = ({ data }) => {
      if (data === 'held') settle(false)
      else if (held.has(name)) channel.postMessage('held')
    }
    const timer = setTimeout(() => settle(true), ANSWERED)
    const settle = (/** @type {boolean} */ free) => {
      clearTimeout(timer)
      if (!free) channel.close()
      resolve(free)
    }
    channel.postMessage('who')
  })
}
