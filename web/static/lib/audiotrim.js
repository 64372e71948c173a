import { browser } from './webstorage.js'

const KEY = 'downbeat:audioTrim'
/** No loudspeaker is further away than this, ms. */
const MOST = 2000

/** This device's audio trim as it was set last, ms; 0 where nothing is kept. */
export function loadTrim() {
  return sane(Number(browser.get(KEY)))
}

/**
 * Keeps the trim for the next visit, where the browser lets the page.
 *
 * @param {number} ms
 */
export function saveTrim(ms) {
  const trim = sane(ms)
  browser.set(KEY, String(trim))
  return trim
}

/** @param {number} ms */
function sane(ms) {
  return Number.isFinite(ms) ? Math.max(-MOST, Math.min(MOST, ms)) : 0
}
