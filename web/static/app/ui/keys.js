import { tab } from '../../lib/webstorage.js'
import { creator } from './creatorstore.js'

/**
 * Keys come in the fragment of a link, which browsers send to nobody, and stay
 * in the tab's own storage:
 *
 *     /#admin=…                    the admin key, from the server's greeting
 *     /device?session=…#key=…      a session's join key
 *     /device?session=…#token=…    a JSON Web Token, where the server wants one
 */
const fragment = new URLSearchParams(location.hash.slice(1))

for (const name of ['admin', 'token']) {
  const value = fragment.get(name)
  if (value) tab.set(`downbeat:${name}`, value)
}
// These open more than one session: they don't belong on a screen that others see.
if (fragment.has('admin') || fragment.has('token')) history.replaceState(null, '', location.pathname + location.search)

/**
 * What to join a session with, as far as this tab has it.
 *
 * @returns {{key?: string, token?: string}}
 */
export function credentials() {
  const key = fragment.get('key') ?? tab.get('downbeat:admin')
  const token = tab.get('downbeat:token')
  return { ...(key ? { key } : {}), ...(token ? { token } : {}) }
}

/**
 * Headers for calls to the server.
 *
 * @returns {Record<string, string>}
 */
export function authorization() {
  const { key, token } = credentials()
  const session = new URLSearchParams(location.search).get('session') ?? ''
  const secret = token ?? tab.get('downbeat:admin') ?? creator(session)?.token ?? key
  return secret ? { Authorization: `Bearer ${secret}` } : {}
}
