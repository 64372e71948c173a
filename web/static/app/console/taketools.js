import { ask } from '../ui/ask.js'
import { count } from '../ui/format.js'
import { authorization } from '../ui/keys.js'
import { alertError, el, reveal, say } from '../ui/ui.js'

/** @import { TakeOf } from './takestate.js' */

/** What a director says of a take. */
const MARKS = /** @type {const} */ ([['good', 'Good'], ['bad', 'No good']])
/** A note is sent once nobody has typed for so long, ms. */
const PAUSE = 800
/** The server takes no longer ones, in characters. */
const LONGEST_LABEL = 128
const LONGEST_NOTE = 1000

/** Marks, renames, comments and deletes a take. */
export class TakeTools {
  #url
  #changed
  #take = /** @type {TakeOf | null} */ (null)
  #timer = 0
  #marks
  #label = /** @type {HTMLInputElement} */ (el('input', { maxLength: LONGEST_LABEL, autocomplete: 'off', placeholder: 'No label' }))
  #note = /** @type {HTMLTextAreaElement} */ (el('textarea', { rows: 1, maxLength: LONGEST_NOTE, placeholder: 'Anything worth remembering' }))
  #told = el('span', { className: 'taketools-told' })
  node

  /**
   * @param {string} url  of the take in the API
   * @param {() => void} changed  the server has taken a change
   */
  constructor(url, changed) {
    this.#url = url
    this.#changed = changed
    this.#told.setAttribute('role', 'status')
    this.#marks = MARKS.map(([mark, text]) => ({ mark, button: /** @type {HTMLButtonElement} */ (
      el('button', { type: 'button', className: `mark ${mark}`, onclick: () => this.#turn(mark) }, text)) }))
    this.#label.onchange = () => this.#send({ postureLabel: this.#label.value.trim() })
    this.#note.oninput = () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#sendNote(), PAUSE)
    }
    this.#note.onchange = () => this.#sendNote()
    const remove = el('button', { type: 'button', className: 'quiet', onclick: () => this.#remove().catch(alertError) }, 'Delete…')
    this.node = el('div', { className: 'taketools' },
      el('div', { className: 'taketools-marks', role: 'group', ariaLabel: 'Is the take good?' }, ...this.#marks.map(({ button }) => button)),
      el('label', {}, 'Label', this.#label), el('label', { className: 'taketools-note' }, 'Note', this.#note), remove, this.#told)
  }

  /**
   * @param {TakeOf} take
   * @param {boolean} may  this console may change it
   */
  update(take, may) {
    this.#take = take
    reveal(this.node, may)
    for (const { mark, button } of this.#marks) button.setAttribute('aria-pressed', String(take.mark === mark))
    keep(this.#label, take.label)
    keep(this.#note, take.note ?? '')
  }

  /** @param {'good' | 'bad'} mark */
  #turn(mark) {
    return this.#send({ mark: this.#take?.mark === mark ? '' : mark })
  }

  #sendNote() {
    clearTimeout(this.#timer)
    const note = this.#note.value.trim()
    if (note !== (this.#take?.note ?? '')) void this.#send({ note })
  }

  /** @param {object} change */
  async #send(change) {
    try {
      await call('PATCH', this.#url, change)
      say(this.#told, 'Saved.')
      setTimeout(() => say(this.#told, ''), 2000)
      this.#changed()
    } catch (error) {
      alertError(error)
    }
  }

  async #remove() {
    const { label = '', number = 0, recordings = [] } = this.#take ?? {}
    const unsent = recordings.filter(r => r.uploadStatus !== 'uploaded' && r.uploadStatus !== 'failed').length
    const reasons = [
      `${count(recordings.length, 'recording')} and ${recordings.length === 1 ? 'its file' : 'their files'} are removed from the server for good.`,
      ...(unsent ? [`${count(unsent, 'recording')} of it ${unsent === 1 ? 'is' : 'are'} not uploaded yet, and will never be.`] : []),
    ]
    if (!(await ask(`Delete ${label ? `“${label}”` : `take ${number}`}?`, reasons, 'Delete'))) return
    await call('DELETE', unsent ? `${this.#url}?force=true` : this.#url)
    this.#changed()
  }

  close() {
    clearTimeout(this.#timer)
  }
}

/**
 * Brings a field up to date, unless somebody is typing into it.
 *
 * @param {HTMLInputElement | HTMLTextAreaElement} field
 * @param {string} value
 */
function keep(field, value) {
  if (document.activeElement !== field && field.value !== value) field.value = value
}

/**
 * Changes something on the server; rejects in plain words.
 *
 * @param {string} method
 * @param {string} url
 * @param {object} [body]
 */
async function call(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { ...authorization(), ...(body ? { 'Content-Type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  }).catch(() => {
    throw new Error('The server can’t be reached: nothing was changed. Try again.')
  })
  if (response.ok) return
  const answer = await response.json().catch(() => ({}))
  if (response.status === 401 || response.status === 403) throw new Error('Only the director may change takes: open the link that lets you direct.')
  throw new Error(answer.error?.message ?? `The server answered ${response.status}.`)
}
