/** @import { PlayerState } from '../player.js' */
/** @import { Trouble } from './playertroubles.js' */

/** What is told of a player: its state, what is the matter, its drift. */
export class PlayerStatus {
  #dispatch
  /** @type {PlayerState} */ state = 'idle'
  /** @type {Trouble | null} */ trouble = null
  /** ms; NaN while nothing plays. */
  drift = NaN

  /** @param {(event: Event) => void} dispatch */
  constructor(dispatch) {
    this.#dispatch = dispatch
  }

  /** @param {PlayerState} state */
  become(state) {
    if (this.state === state || this.state === 'closed') return
    this.state = state
    if (state !== 'closed') this.#dispatch(new Event('state'))
  }

  /** @param {Trouble} trouble */
  say(trouble) {
    if (this.state === 'closed') return
    this.trouble = trouble
    this.#dispatch(new CustomEvent('trouble', { detail: trouble }))
    this.#dispatch(new Event('state'))
  }

  /** @param {Trouble[]} troubles  any, if none is given */
  solved(...troubles) {
    if (!this.trouble || (troubles.length && !troubles.includes(this.trouble))) return
    this.trouble = null
    this.#dispatch(new Event('state'))
  }

  /** @param {number} drift  s; NaN: nothing plays */
  drifts(drift) {
    if (Number.isNaN(drift) && Number.isNaN(this.drift)) return
    this.drift = drift * 1000
    this.#dispatch(new Event('drift'))
  }
}
