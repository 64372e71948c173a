import { Instants } from './instants.js'
import { PagePreview } from './pagepreview.js'
import * as wire from '../lib/wire.js'

/** @import { Session } from '../lib/session.js' */
/** @import { RecorderWorker } from './recorderworker.js' */
/** @import { PreviewData } from './preview.js' */
/** @import { LocalMedia } from './localmedia.js' */
/** @import { RecorderState } from './devicerecorder.js' */

/** How often levels go, ms: the server takes no more. */
const EVERY = 500
/** And a picture with them, each so many times: between takes, and in one. */
const IDLE = 3
const BUSY = 8
/** A page whose timer is this late has other things to do, ms. */
const LATE = 60
/** From asking for a picture to having it, ms. */
const MAKING = 300
/** A device that takes longer to make one makes half as many, ms. */
const SLOW = 60

/**
 * @typedef {object} Glimpser
 * @property {(picture: boolean) => void} ask  told by `got`
 * @property {() => void} rest
 */

/** Shows the leader what camera and microphone give, small and seldom, while anybody watches. */
export class Monitor {
  #session
  #instants
  #of
  #state
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer
  #dueAt = NaN
  #count = 0
  #slow = 1
  #undo

  /**
   * @param {Session} session
   * @param {RecorderWorker | null} worker  null: MediaRecorder has the frames
   * @param {LocalMedia} media
   * @param {() => RecorderState} state
   */
  constructor(session, worker, media, state) {
    this.#session = session
    this.#instants = new Instants(session)
    this.#of = worker ? asking(worker) : new PagePreview(() => media.stream, () => media.meter, previewed => this.got(previewed))
    this.#state = state
    this.#undo = [
      session.on(wire.MONITOR_WANTED, ({ on }) => this.#want(on === true)),
      session.on(wire.SESSION_JOINED, () => this.#want(false)), // or it is said again
    ]
    if (session.monitorWanted) this.#want(true)
  }

  /** @param {boolean} on */
  #want(on) {
    clearInterval(this.#timer)
    this.#timer = undefined
    if (!on) return this.#of.rest()
    this.#count = 0
    this.#dueAt = performance.now() + EVERY
    this.#timer = setInterval(() => this.#tick(), EVERY)
  }

  #tick() {
    const now = performance.now()
    const late = now - this.#dueAt > LATE
    this.#dueAt = now + EVERY
    if (this.#instants.near(MAKING)) return
    const taking = this.#state() !== 'ready'
    const each = (taking ? BUSY : IDLE) * this.#slow
    const picture = this.#count++ % each === 0 && !late
    this.#of.ask(picture)
  }

  /** @param {PreviewData} previewed  from the worker, or from the page itself */
  got({ tookMs, peakDb, rmsDb, image, width, height }) {
    const previewed = { ...(peakDb === undefined ? {} : { peakDb, rmsDb }), ...(image ? { image, width, height } : {}) }
    if (tookMs !== undefined) this.#slow = tookMs > SLOW ? 2 : 1
    if (!this.#timer || this.#instants.near() || !Object.keys(previewed).length) return
    this.#session.sendAside(wire.MONITOR, previewed)
  }

  close() {
    this.#want(false)
    for (const off of this.#undo) off()
    this.#instants.close()
  }
}

/**
 * The worker sees what passes.
 *
 * @param {RecorderWorker} worker
 * @returns {Glimpser}
 */
function asking(worker) {
  return {
    ask: picture => worker.post({ type: 'preview', on: true, picture }),
    rest: () => worker.post({ type: 'preview', on: false }),
  }
}
