import { ask } from '../ui/ask.js'
import { attempt } from '../ui/attempt.js'
import { copyOnClick } from '../ui/copy.js'
import { creatorOf, forgetCreator } from '../ui/creator.js'
import { base } from '../ui/server.js'
import { alertError, byId, el, reveal, say } from '../ui/ui.js'
import * as wire from '../../lib/wire.js'

/** @import { DownbeatError, Session } from '../../downbeat.js' */
/** @import { Roster } from './roster.js' */

/** The library's code of a session that was ended. */
const ENDED = wire.CODE_CLOSED_ENDED

const nameInput = /** @type {HTMLInputElement} */ (byId('session-name'))
const handTo = /** @type {HTMLSelectElement} */ (byId('hand-to'))

/** What a director may do to the session: name it, hand over the lead, end it. */
export class SessionTools {
  #session
  #roster
  #shown = ''
  #ending = false

  /**
   * @param {Session} session
   * @param {Roster} roster
   */
  constructor(session, roster) {
    this.#session = session
    this.#roster = roster
    byId('session-id').textContent = session.sessionId
    copyOnClick('copy-id', () => session.sessionId, byId('session-id'))
    onSubmit('name-form', () => attempt('name', session.request(wire.UPDATE_SESSION, { name: nameInput.value.trim() })))
    onSubmit('hand-form', () => void (handTo.value && attempt('hand over', session.request(wire.HAND_OVER, { userId: handTo.value }))))
    byId('remove-absent').onclick = () => this.#removeAbsent()
    byId('end').onclick = () => this.#end()
    byId('lead').onclick = () => attempt('lead', session.request(wire.REQUEST_LEADERSHIP, tokenOf(session.sessionId)))
  }

  draw() {
    const { isLeader } = this.#session
    for (const id of ['name-form', 'hand-form', 'remove-absent', 'end']) reveal(byId(id), isLeader)
    this.#drawName()
    if (isLeader) this.#drawPeople()
  }

  #drawName() {
    const { sessionName } = this.#roster
    if (sessionName === this.#shown) return
    this.#shown = sessionName
    if (document.activeElement !== nameInput) nameInput.value = sessionName
  }

  #drawPeople() {
    const people = this.#roster.people
    say(byId('hand-note'), people.length ? '' : 'Nobody else is here. Send the co-directors’ link to somebody first.')
    const key = JSON.stringify(people.map(p => [p.id, p.username]))
    if (handTo.dataset.key === key || document.activeElement === handTo) return
    handTo.dataset.key = key
    handTo.replaceChildren(...people.map(({ id, username }) => el('option', { value: id }, username || id)))
  }

  /**
   * The session is closed to this page. True: because it was ended here.
   *
   * @param {string} code  the library's
   */
  closed(code) {
    if (code === ENDED) forgetCreator(this.#session.sessionId) // or a reload would make it again
    if (!this.#ending || code !== ENDED) return false
    location.assign(base)
    return true
  }

  async #removeAbsent() {
    const reasons = ['All devices and people that aren’t connected leave the list. Anyone with a link can join again.', 'What they recorded stays.']
    if (await ask('Remove who is away?', reasons, 'Remove them', 'Keep them')) attempt('remove', this.#session.request(wire.REMOVE_DEVICE, { absent: 'all' }))
  }

  async #end() {
    const reasons = ['Everybody is out, the session is gone, and its links lead nowhere.', 'Recordings that are on the server stay there.']
    if (!(await ask('End this session for everybody?', reasons, 'End it', 'Keep it'))) return
    this.#ending = true
    try {
      await this.#session.request(wire.END_SESSION)
    } catch (error) {
      if (/** @type {DownbeatError} */ (error).code === 'closed') return // the answer was overtaken
      this.#ending = false
      alertError(error)
    }
  }
}

/**
 * What proves that this browser may take the lead back, if it has that.
 *
 * @param {string} sessionId
 */
function tokenOf(sessionId) {
  const { token } = creatorOf(sessionId)
  return token ? { token } : {}
}

/**
 * @param {string} id  of a form
 * @param {() => void} fn
 */
function onSubmit(id, fn) {
  byId(id).onsubmit = event => {
    event.preventDefault()
    fn()
  }
}
