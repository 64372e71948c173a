import { Responder } from './responder.js'

/** @import { ClockMap } from './frames.js' */

/** Bytes that may wait before what may be lost is. */
export const BACKLOG = 32 << 10

/**
 * The two data channels, in whichever thread holds them: answers the pings of
 * one, hands on the texts of the other.
 */
export class DataChannels {
  #responder
  #on
  /** @type {RTCDataChannel[]} */ #channels = []

  /**
   * @param {Responder} responder
   * @param {{map: (map: ClockMap | null) => void, control: (text: string) => void}} on
   */
  constructor(responder, on) {
    this.#responder = responder
    this.#on = on
  }

  /**
   * Takes over new channels; must run in the task in which they arrive.
   *
   * @param {RTCDataChannel} clock
   * @param {RTCDataChannel} control
   */
  adopt(clock, control) {
    this.close()
    this.#channels = [clock, control]
    clock.binaryType = 'arraybuffer'
    clock.onmessage = event => {
      const received = performance.now()
      const map = this.#responder.answer(event.data, received, pong => sendIfOpen(clock, pong))
      if (map !== undefined) this.#on.map(map)
    }
    control.onmessage = event => {
      if (typeof event.data === 'string') this.#on.control(event.data)
    }
  }

  /**
   * Sends an event over the control channel, unless what was sent before still waits; false
   * where there is no such channel.
   *
   * @param {{event: string, data: object}} m
   */
  send({ event, data }) {
    const control = this.#channels[1]
    if (control?.readyState !== 'open') return false
    if (control.bufferedAmount < BACKLOG) control.send(JSON.stringify({ event, data }))
    return true
  }

  close() {
    for (const channel of this.#channels) {
      channel.onmessage = null
      channel.close()
    }
    this.#channels = []
  }
}

/**
 * @param {RTCDataChannel} channel
 * @param {ArrayBuffer} pong
 */
function sendIfOpen(channel, pong) {
  if (channel.readyState === 'open') channel.send(pong)
}
