import { MOST, WIDTH, base64, nextQuality } from './preview.js'

/** @import { StreamMeter } from './streammeter.js' */
/** @import { PreviewData } from './preview.js' */

/** What may be shown of a stream that MediaRecorder records: the page looks at it itself, while that is wanted. */
export class PagePreview {
  #stream
  #meter
  #tell
  /** @type {HTMLVideoElement | null} */ #video = null
  #quality = 0.6

  /**
   * @param {() => MediaStream | null} stream
   * @param {() => StreamMeter | null} meter
   * @param {(previewed: PreviewData) => void} tell
   */
  constructor(stream, meter, tell) {
    this.#stream = stream
    this.#meter = meter
    this.#tell = tell
  }

  /** @param {boolean} picture */
  async ask(picture) {
    const levels = this.#meter()?.levels ?? {}
    const image = picture ? await this.#picture().catch(() => ({})) : {}
    this.#tell({ ...levels, ...image })
  }

  /** @returns {Promise<PreviewData>} */
  async #picture() {
    const begun = performance.now()
    const video = (this.#video ??= document.createElement('video'))
    const stream = this.#stream()
    if (video.srcObject !== stream) {
      video.muted = video.playsInline = true
      video.srcObject = stream
      video.play().catch(() => {})
    }
    if (!video.videoWidth) return {} // not yet
    const height = Math.max(1, Math.round((WIDTH * video.videoHeight) / video.videoWidth))
    const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height })
    canvas.getContext('2d')?.drawImage(video, 0, 0, WIDTH, height)
    /** @type {Blob | null} */
    const blob = await new Promise(resolve => canvas.toBlob(resolve, 'image/jpeg', this.#quality))
    if (!blob) return {}
    this.#quality = nextQuality(this.#quality, blob.size)
    if (blob.size > MOST) return {}
    return { image: base64(new Uint8Array(await blob.arrayBuffer())), width: WIDTH, height, tookMs: performance.now() - begun }
  }

  rest() {
    if (this.#video) this.#video.srcObject = null
    this.#video = null
  }
}
