import * as format from '../ui/format.js'
import { Keyed } from '../ui/keyed.js'
import { RecordingRow, tableOf } from './recordingrow.js'
import { takeWords } from './takestate.js'
import { picture } from './errorplot.js'
import { fillFiles } from './takefiles.js'
import { TakeTools } from './taketools.js'
import { TakeView } from './takeview.js'
import { el, reveal, say, setPill } from '../ui/ui.js'

/** @import { Painter } from '../ui/painter.js' */
/** @import { TakeOf } from './takestate.js' */
/** @import { Roster } from './roster.js' */
/** @import { Listed } from './takestate.js' */

/** A take: what it was, its first frames as a picture, its recordings, its files. */
export class TakeCard {
  #title = el('span', { className: 'take-title' })
  #time = el('span', { className: 'take-time' })
  #apart = el('span', { className: 'take-apart' })
  #pill = el('span', { className: 'pill' })
  #chart = el('div', { className: 'take-chart' })
  #files = el('div', { className: 'take-files' })
  #look = /** @type {HTMLButtonElement} */ (el('button', { type: 'button', className: 'take-look', onclick: () => this.#turnView() }))
  #viewBox = el('div', { hidden: true })
  /** @type {TakeView | null} */ #view = null
  #tools
  #details
  #rows
  #take
  #roster
  #drawn = ''
  node

  /**
   * @param {TakeOf} take
   * @param {Roster} roster
   * @param {Painter} painter
   * @param {boolean} open  unfolded to begin with
   * @param {{url: string, changed: () => void}} on  the take in the API, and what to do once it took a change
   */
  constructor(take, roster, painter, open, on) {
    this.#take = take
    this.#roster = roster
    this.#tools = new TakeTools(on.url, on.changed)
    const rows = el('tbody')
    const summary = el('summary', {}, this.#title, this.#time, this.#apart, this.#pill)
    this.#details = /** @type {HTMLDetailsElement} */ (
      el('details', { className: 'take' }, summary, this.#tools.node, this.#look, this.#viewBox, this.#chart, tableOf(rows), this.#files))
    this.#details.open = open
    this.#details.ontoggle = () => {
      if (!this.#details.open) this.#view?.pause()
      this.#draw()
    }
    this.#rows = new Keyed(rows, () => new RecordingRow(r => this.#rowName(r)))
    this.node = el('li', {}, this.#details)
    new ResizeObserver(() => painter.ask(`chart ${take.takeId}`, () => this.#draw())).observe(this.#chart)
  }

  /**
   * @param {TakeOf} take
   * @param {boolean} may  this console may change it
   */
  update(take, may) {
    this.#take = take
    const { number, label, timestamp, recordings, firstFramesMs, firstFramesBoundMs } = take
    say(this.#title, label ? `Take ${number}: ${label}` : `Take ${number}`)
    say(this.#time, format.timeOfDay(timestamp))
    say(this.#apart, firstFramesMs == null ? '' : `first frames ${format.span(firstFramesMs)} apart, ± ${format.span(firstFramesBoundMs)}`)
    setPill(this.#pill, ...takeWords(recordings))
    this.#rows.show(recordings.map(r => [r.recordingId ?? '', r]))
    fillFiles(this.#files, take)
    this.#tools.update(take, may)
    this.#details.dataset.mark = take.mark ?? ''
    reveal(this.#look, this.#view !== null || TakeView.canShow(recordings))
    say(this.#look, this.#view ? 'Close the player' : 'Play the take')
    this.#draw()
  }

  /** Opens the player with what there is now, or closes it. */
  #turnView() {
    if (this.#view) {
      this.#view.close()
      this.#view.node.remove()
      this.#view = null
    } else {
      this.#view = new TakeView(this.#take.recordings, id => this.#nameOf(id))
      this.#viewBox.append(this.#view.node)
    }
    reveal(this.#viewBox, this.#view !== null)
    say(this.#look, this.#view ? 'Close the player' : 'Play the take')
  }

  /**
   * A device that has left is called as it was then.
   *
   * @param {string} deviceId
   */
  #nameOf(deviceId) {
    if (this.#roster.device(deviceId)) return this.#roster.name(deviceId)
    const { viewType = '', username = '' } = this.#take.recordings.find(r => r.deviceId === deviceId) ?? {}
    return viewType || username || this.#roster.name(deviceId)
  }

  /** @param {Listed} r */
  #rowName(r) {
    const name = this.#nameOf(r.deviceId ?? '')
    return (r.part ?? 1) > 1 ? `${name}, part ${r.part}` : name
  }

  /** Draws when each device's first frame was, against the instant, if that is another picture. */
  #draw() {
    if (!this.#details.open) return
    const width = Math.max(280, this.#chart.clientWidth)
    const rows = this.#take.recordings.filter(r => r.startTimestamp != null && !((r.part ?? 1) > 1)).map(r => ({
      name: this.#nameOf(r.deviceId ?? ''), error: (r.startTimestamp ?? NaN) - this.#take.timestamp, bound: r.startBoundMs ?? Infinity, late: false,
    }))
    const key = JSON.stringify([width, rows])
    if (key === this.#drawn) return
    this.#drawn = key
    const words = el('p', { className: 'note' }, 'First frames against the instant, with the bound of each clock')
    this.#chart.replaceChildren(...(rows.length ? [words, picture(rows, width)] : []))
  }
}
