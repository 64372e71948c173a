import { browser } from '../../lib/webstorage.js'

/**
 * Who this browser is in a session that it created.
 *
 * @typedef {{userId: string, username: string, token: string}} Creator
 */

const KEY = 'downbeat:creators'
/** Sessions that are remembered, the last one first. */
const MOST = 50

/** Does somebody else use this tab than the browser's others? With `?as=new` in its address. */
export const somebodyElse = new URLSearchParams(location.search).get('as') === 'new'

/** @returns {[string, Creator][]} */
function all() {
  const kept = browser.read(KEY)
  return Array.isArray(kept) ? kept.filter(it => typeof it?.[1]?.token === 'string') : []
}

/**
 * @param {string} sessionId
 * @returns {Creator | undefined}
 */
export function creator(sessionId) {
  return somebodyElse ? undefined : all().find(([id]) => id === sessionId)?.[1]
}

/**
 * @param {string} sessionId
 * @param {Creator | null} who  null: forgets it
 */
export function keepCreator(sessionId, who) {
  const others = all().filter(([id]) => id !== sessionId)
  browser.set(KEY, JSON.stringify(who ? [[sessionId, who], ...others].slice(0, MOST) : others))
}
