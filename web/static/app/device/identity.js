import { browser } from '../../lib/webstorage.js'
import { KEY, keepChoice, keptChoice } from './choice.js'
import { alertUser, byId, reveal, say } from '../ui/ui.js'
import * as wire from '../../lib/wire.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Beeper } from './beep.js' */

/**
 * Who this device is and in which session, as the session has it: the leader may change
 * that while it is there.
 */
export class Identity {
  #session
  #beeper
  #off = () => {}

  /**
   * @param {Session} session
   * @param {Beeper} beeper
   */
  constructor(session, beeper) {
    this.#session = session
    this.#beeper = beeper
    session.on(wire.SESSION_JOINED, () => this.show())
    session.on(wire.SESSION_STATE, () => this.show())
    session.on(wire.SESSION_CHANGED, ({ name }) => this.#take(session.session, { name }))
    session.on(wire.DEVICE_CHANGED, data => data.deviceId === session.deviceId && this.#changed(data))
    session.on(wire.USER_CHANGED, data => data.userId === session.userId && this.#renamed(data.username))
    this.show()
  }

  /** Undefined before the device has joined. */
  get #device() {
    return this.#session.session?.devices?.find(d => d.deviceId === this.#session.deviceId)
  }

  /** Undefined before the device has joined. */
  get #user() {
    return this.#session.session?.users?.find(u => u.id === this.#session.userId)
  }

  /**
   * @param {object | null | undefined} it  of the session object
   * @param {object} news
   */
  #take(it, news) {
    if (it) Object.assign(it, news)
    this.show()
  }

  /** @param {{viewType: string, records: boolean, silenced: boolean}} news */
  #changed({ viewType, records, silenced }) {
    if (browser.get(KEY)) keepChoice({ ...keptChoice(), view: viewType })
    this.#take(this.#device, { viewType, records, silenced })
  }

  /** @param {string} username */
  #renamed(username) {
    if (browser.get(KEY)) keepChoice({ ...keptChoice(), name: username })
    this.#take(this.#user, { username })
  }

  show() {
    const { session, sessionId } = this.#session
    const { viewType = '', silenced = false, records = true, deviceType = '' } = this.#device ?? {}
    say(byId('name'), [viewType, this.#user?.username].filter(Boolean).join(' · '))
    say(byId('of-session'), session?.name ? `in “${session.name}”` : `in session ${sessionId}`)
    const idle = deviceType !== '' && !records && !byId('finder').hidden
    say(byId('orders'), idle ? 'The leader keeps this device out of takes: it acts, and doesn’t record.' : '')
    reveal(byId('orders'), idle)
    this.#beeper.silenced = silenced
    this.#off()
    this.#off = silenced ? alertUser('The leader silenced this device: it makes no sound until they allow it again.') : () => {}
  }
}
