import { authorization } from '../ui/keys.js'
import { download } from './download.js'
import { count } from '../ui/format.js'
import { Keyed } from '../ui/keyed.js'
import { lookAgainIn, takesOf } from './takestate.js'
import { at } from '../ui/server.js'
import { TakeCard } from './takecard.js'
import { alertError, byId, reveal, say } from '../ui/ui.js'

/** @import { Painter } from '../ui/painter.js' */
/** @import { TakeOf } from './takestate.js' */
/** @import { Roster } from './roster.js' */
/** @import { Listing } from './takestate.js' */

/** The takes of a session, their recordings, and what can be fetched of them. */
export class TakeList {
  #url
  #painter
  #may
  #timer = 0
  #seen = ''
  #changedAt = 0
  #listing = /** @type {Listing | null} */ (null)
  #list

  /**
   * @param {string} sessionId
   * @param {Roster} roster
   * @param {Painter} painter
   * @param {() => boolean} may  this console may change takes
   */
  constructor(sessionId, roster, painter, may) {
    const session = at(`api/sessions/${encodeURIComponent(sessionId)}`)
    this.#url = `${session}/recordings`
    this.#may = may
    this.#painter = painter
    this.#list = new Keyed(byId('takes'), take => {
      const latest = take.takeId === takesOf(this.#listing)[0]?.takeId
      const on = { url: `${session}/takes/${encodeURIComponent(take.takeId)}`, changed: () => this.look() }
      const card = new TakeCard(take, roster, painter, latest, on)
      return { node: card.node, update: (/** @type {TakeOf} */ t) => card.update(t, this.#may()) }
    })
    byId('csv').onclick = () => download(this.#url, `recordings-${sessionId}.csv`, { Accept: 'text/csv' }).catch(alertError)
  }

  /** Something has happened: looks now. */
  look() {
    clearTimeout(this.#timer)
    this.#timer = 0
    this.#fetch().then(() => this.#say(''), error => {
      this.#say(error.message)
      this.#lookIn(3000)
    })
  }

  /** @param {number} ms */
  lookIn(ms) {
    setTimeout(() => this.look(), ms)
  }

  close() {
    clearTimeout(this.#timer)
    this.#timer = -1
  }

  async #fetch() {
    const response = await fetch(this.#url, { headers: authorization() }).catch(() => null)
    if (!response?.ok) throw new Error(trouble(response?.status))
    const text = await response.text()
    const now = performance.now()
    if (text !== this.#seen) {
      ;[this.#seen, this.#changedAt, this.#listing] = [text, now, JSON.parse(text)]
      this.#painter.ask('takes', () => this.draw())
    }
    this.#lookIn(lookAgainIn(this.#listing?.recordings ?? [], now - this.#changedAt))
  }

  /** @param {string} text  what keeps the list from being current */
  #say(text) {
    this.#painter.ask('takes note', () => say(byId('takes-note'), text))
  }

  /** @param {number} ms */
  #lookIn(ms) {
    if (this.#timer !== -1 && Number.isFinite(ms)) this.#timer = setTimeout(() => this.look(), ms)
  }

  draw() {
    const takes = takesOf(this.#listing)
    reveal(byId('takes-empty'), takes.length === 0)
    reveal(byId('csv'), takes.length > 0)
    say(byId('takes-sum'), takes.length ? sum(takes) : '')
    this.#list.show(takes.map(take => [take.takeId, take]))
  }
}

/** @param {number | undefined} status  of the answer, if any came */
function trouble(status) {
  if (status === undefined) return 'The server can’t be reached: the list is as it was. Trying again by itself.'
  if (status === 401 || status === 403) return 'The list needs the session’s key: open the link that has it.'
  return `The list can’t be had now: the server answered ${status}. Trying again by itself.`
}

/** @param {TakeOf[]} takes */
function sum(takes) {
  const all = takes.flatMap(take => take.recordings)
  return `${count(takes.length, 'take')}, ${count(all.length, 'recording')}`
}
