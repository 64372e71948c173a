/**
 * Keeps the token that makes a reloaded page the same device again, in the
 * tab's own storage. A duplicated tab gets a copy of that storage: a lock
 * tells the two apart, so that it becomes a device of its own.
 */

/**
 * The token kept under `key`, unless another tab is using it.
 *
 * @param {string} key
 * @returns {Promise<string | undefined>}
 */
export async function recall(key) {
  const token = sessionStorage.getItem(key)
  if (!token) return undefined
  return (await hold(token)) ? token : undefined
}

/**
 * @param {string} key
 * @param {string} token
 */
export async function remember(key, token) {
  sessionStorage.setItem(key, token)
  await hold(token)
}

/** @type {Set<string>} */
const held = new Set()

/**
 * Takes a lock for as long as the page lives. A reload may overtake the old
 * page's end, so it is given a moment.
 *
 * @param {string} token
 */
async function hold(token) {
  if (!navigator.locks || held.has(token)) return true
  const name = 'downbeat:' + (await digest(token))
  const signal = AbortSignal.timeout(500)
  return new Promise(resolve => {
    navigator.locks.request(name, { signal }, () => {
      held.add(token)
      resolve(true)
      return new Promise(() => {})
    }).catch(() => resolve(false))
  })
}

/**
 * The lock's name is visible to developer tools; the token isn't.
 *
 * @param {string} token
 */
async function digest(token) {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return Array.from(new Uint8Array(hash, 0, 8), byte => byte.toString(16).padStart(2, '0')).join('')
}
