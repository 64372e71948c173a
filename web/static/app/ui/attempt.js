import { alertError, alertUser } from './ui.js'

/** What takes back the alert of each thing that was tried and failed. */
/** @type {Map<string, () => void>} */
const standing = new Map()

/**
 * Says what went wrong, until that is settled or said again.
 *
 * @param {string} what  was tried
 * @param {string} message
 */
export function complain(what, message) {
  settle(what)
  standing.set(what, alertUser(message))
}

/**
 * Its cause is gone, and with it the alert.
 *
 * @param {string} what
 */
export function settle(what) {
  standing.get(what)?.()
  standing.delete(what)
}

/**
 * Tells when something fails, and takes that back once it succeeds.
 *
 * @template T
 * @param {string} what
 * @param {Promise<T>} trying
 * @returns {Promise<T | undefined>}  undefined: it failed, and the user knows
 */
export async function attempt(what, trying) {
  try {
    const value = await trying
    settle(what)
    return value
  } catch (error) {
    settle(what)
    standing.set(what, alertError(error))
  }
}
