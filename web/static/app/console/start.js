import { attempt, settle } from '../ui/attempt.js'
import { factsOf } from './consolewords.js'
import { createSession } from '../ui/creator.js'
import * as format from '../ui/format.js'
import { Keyed } from '../ui/keyed.js'
import { authorization } from '../ui/keys.js'
import { at } from '../ui/server.js'
import { byId, el, reveal, say } from '../ui/ui.js'

/** @import { Summary } from '../../lib/wire.js' */

/** How often the list is fetched again, ms. */
const LOOK = 5000

/**
 * The page without a session: create one, come back to one.
 *
 * @param {(sessionId: string) => void} open
 */
export function startPage(open) {
  byId('start').hidden = false
  byId('creator').focus()
  const leave = (/** @type {string} */ sessionId) => {
    clearInterval(timer)
    byId('start').hidden = true
    settle('start')
    open(sessionId)
  }
  onSubmit('create', async () => leave(await createSession(field('creator').value.trim() || 'Conductor', field('creating').value.trim())))
  onSubmit('enter', async () => leave(field('existing').value.trim()))
  const list = new Keyed(byId('sessions'), item)
  const look = () => sessions().then(all => show(list, all), error => empty(error.message))
  const timer = setInterval(look, LOOK)
  look()
}

/**
 * @param {string} id  of a form
 * @param {() => Promise<void>} fn
 */
function onSubmit(id, fn) {
  const form = byId(id)
  const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'))
  form.addEventListener('submit', event => {
    event.preventDefault()
    button.disabled = true
    attempt('start', fn()).finally(() => (button.disabled = false))
  })
}

/**
 * The newest sessions that this tab may see, the latest active first, each with how
 * long it has been idle by the server's own clock, ms.
 */
async function sessions() {
  const response = await fetch(at('api/sessions?order=newest'), { headers: authorization() }).catch(() => {
    throw new Error('The server can’t be reached; trying again by itself.')
  })
  if (response.status === 401 || response.status === 403) {
    throw new Error('The list needs the admin key: open the link that the server printed when it started. Who has a session’s own link can open that.')
  }
  if (!response.ok) throw new Error(`The list can’t be had now: the server answered ${response.status}. Trying again by itself.`)
  /** @type {any[]} */
  const all = (await response.json()).sessions ?? []
  const now = Date.parse(response.headers.get('Date') ?? '')
  return all.sort((a, b) => b.lastActivity - a.lastActivity).map(s => ({ ...s, idleMs: now - s.lastActivity }))
}

/**
 * @param {Keyed<any>} list
 * @param {any[]} all
 */
function show(list, all) {
  list.show(all.slice(0, 50).map(s => [s.sessionId, s]))
  empty(all.length ? '' : 'No session yet. Create the first one.')
}

/** @param {string} text */
function empty(text) {
  say(byId('sessions-note'), text)
  reveal(byId('sessions-note'), text !== '')
}

/**
 * @param {Summary & {idleMs?: number}} first
 * @returns {import('../ui/keyed.js').Part<Summary & {idleMs?: number}>}
 */
function item({ sessionId }) {
  const name = el('span', { className: 'what' })
  const facts = el('span', { className: 'soft' })
  const link = el('a', { title: sessionId, href: `./?session=${encodeURIComponent(sessionId)}` }, name, facts)
  const update = (/** @type {Summary & {idleMs?: number}} */ s) => {
    say(name, format.sessionTitle(s.name, sessionId))
    say(facts, factsOf(s))
  }
  return { node: el('li', {}, link), update }
}

/**
 * @param {string} id
 * @returns {HTMLInputElement}
 */
function field(id) {
  return byId(id)
}
