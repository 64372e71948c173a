/** Who this browser is in a session that it created, so that its pages lead it. */
import { creator, keepCreator } from './creatorstore.js'
import { authorization } from './keys.js'
import { at } from './server.js'
import * as wire from '../../lib/wire.js'

/**
 * Creates a session and returns its id; rejects with the server's words.
 *
 * @param {string} name         the creator's
 * @param {string} sessionName  may be empty
 * @returns {Promise<string>}
 */
export async function createSession(name, sessionName) {
  const creatorId = randomId()
  const { sessionId, token } = await post(at('api/sessions'), { creatorId, creatorName: name, ...(sessionName ? { name: sessionName } : {}) })
  keepCreator(sessionId, { userId: creatorId, username: name, token })
  return sessionId
}

/**
 * What to join with: the creator's identity, or none.
 *
 * @param {string} sessionId
 * @returns {{userId?: string, username: string, token?: string}}
 */
export function creatorOf(sessionId) {
  return creator(sessionId) ?? { username: 'Console' }
}

/**
 * Forgets that identity: the server doesn't know the session any more, so
 * its token is worth nothing.
 *
 * @param {string} sessionId
 */
export function forgetCreator(sessionId) {
  keepCreator(sessionId, null)
}

/**
 * @param {string} url
 * @param {object} body
 */
async function post(url, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...authorization() },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Error('The server can’t be reached.')
  })
  const answer = await response.json().catch(() => ({}))
  if (answer.error?.code === wire.CODE_KEY_NEEDED) throw new Error('Creating a session needs the admin key: open the link that the server printed when it started.')
  if (!response.ok) throw new Error(answer.error?.message ?? `the server answered ${response.status}`)
  return answer
}

/** crypto.randomUUID needs a secure context; this doesn't. */
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), b => b.toString(16).padStart(2, '0')).join('')
}
