import {
  EncodedAudioPacketSource, EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output, StreamTarget, WebMOutputFormat,
} from '../vendor/mediabunny/mediabunny.js'

/** @import { Choice } from './codecs.js' */

/** Seconds of one fragment: what a crash may cost. */
export const FRAGMENT = 1

/**
 * What the file says of itself.
 *
 * @typedef {object} Tags
 * @property {string} [title]
 * @property {string} [artist]   who recorded it: the device's name
 * @property {Date} [date]
 * @property {string} [comment]
 */

/**
 * A file that only ever grows at its end, so that it can be uploaded while it
 * is written and is of use wherever it ends.
 */
export class Muxing {
  #output
  /** @type {EncodedVideoPacketSource | null} */ #video = null
  /** @type {EncodedAudioPacketSource | null} */ #audio = null
  #last = Promise.resolve()
  #failed

  /**
   * @param {Choice} choice
   * @param {Tags} tags
   * @param {(bytes: Uint8Array<ArrayBuffer>) => void} write
   * @param {(error: unknown) => void} failed
   */
  constructor(choice, tags, write, failed) {
    const format = choice.container === 'mp4'
      ? new Mp4OutputFormat({ fastStart: 'fragmented', minimumFragmentDuration: FRAGMENT })
      : new WebMOutputFormat({ appendOnly: true, minimumClusterDuration: FRAGMENT })
    const target = new StreamTarget(new WritableStream({ write: ({ data }) => write(data) }))
    this.#failed = failed
    this.#output = new Output({ format, target })
    this.#output.setMetadataTags(tags)
    if (choice.videoCodec) this.#output.addVideoTrack((this.#video = new EncodedVideoPacketSource(choice.videoCodec)))
    if (choice.audioCodec) this.#output.addAudioTrack((this.#audio = new EncodedAudioPacketSource(choice.audioCodec)))
    this.#then(() => this.#output.start())
  }

  /**
   * @param {EncodedVideoChunk} chunk
   * @param {number} timestamp  in the file, s
   * @param {number} duration   as far as it is known, s: that of the last frame counts
   * @param {EncodedVideoChunkMetadata} [meta]
   */
  video(chunk, timestamp, duration, meta) {
    const packet = packetOf(chunk, timestamp, duration)
    this.#then(() => this.#video?.add(packet, meta))
  }

  /**
   * @param {EncodedAudioChunk} chunk
   * @param {number} timestamp  in the file, s
   * @param {EncodedAudioChunkMetadata} [meta]
   */
  audio(chunk, timestamp, meta) {
    const packet = packetOf(chunk, timestamp, (chunk.duration ?? 0) / 1e6)
    this.#then(() => this.#audio?.add(packet, meta))
  }

  /** No more sound comes: what waits for some must not wait for ever. */
  endAudio() {
    const source = this.#audio
    this.#audio = null
    this.#then(() => source?.close())
  }

  /** Resolves once all that was given has been written. */
  async finish() {
    this.#then(() => this.#output.finalize())
    await this.#last
  }

  /** @param {() => unknown} step */
  #then(step) {
    this.#last = this.#last.then(step).then(() => {}, error => this.#failed(error))
  }
}

/**
 * @param {EncodedVideoChunk | EncodedAudioChunk} chunk
 * @param {number} timestamp  s
 * @param {number} duration   s
 */
function packetOf(chunk, timestamp, duration) {
  const data = new Uint8Array(chunk.byteLength)
  chunk.copyTo(data)
  return new EncodedPacket(data, chunk.type, timestamp, duration)
}
