/** @import { CaptureTime } from './calibrate.js' */

/**
 * Tells when frames of a stream were captured, where the browser does.
 *
 * @param {MediaStream} stream
 * @param {(capture: number | undefined, media: number) => void} saw  each frame; page time and media time, ms
 * @returns {() => void}  ends it
 */
export function watchCaptures(stream, saw) {
  const video = document.createElement('video')
  if (!stream.getVideoTracks().length || !video.requestVideoFrameCallback) return () => {}
  let on = true
  const look = (/** @type {number} */ _now, /** @type {VideoFrameCallbackMetadata} */ { captureTime, mediaTime }) => {
    if (!on) return
    saw(captureTime, mediaTime * 1000)
    video.requestVideoFrameCallback(look)
  }
  video.muted = video.playsInline = true
  video.srcObject = stream
  video.requestVideoFrameCallback(look)
  video.play().catch(() => {}) // nobody sees it; without it the bound is wider
  return () => {
    on = false
    video.srcObject = null
  }
}

/** Capture times on their way to the worker: some at a time. */
export class CaptureTimes {
  #send
  /** @type {CaptureTime[]} */ #batch = []
  #sentAt = 0

  /** @param {(times: CaptureTime[]) => void} send */
  constructor(send) {
    this.#send = send
  }

  /**
   * @param {number | undefined} capture
   * @param {number} media
   */
  add(capture, media) {
    if (capture === undefined) return
    this.#batch.push({ capture, media })
    const now = performance.now()
    if (now - this.#sentAt < 100) return
    this.#sentAt = now
    this.#send(this.#batch)
    this.#batch = []
  }
}
