/**
 * What to encode with, and in which container.
 *
 * @typedef {object} Choice
 * @property {VideoEncoderConfig | null} video
 * @property {AudioEncoderConfig | null} audio
 * @property {'avc' | 'vp8' | 'vp9' | null} videoCodec  in the muxer's words
 * @property {'aac' | 'opus' | null} audioCodec
 * @property {'mp4' | 'webm'} container
 *
 * @typedef {object} Prefer
 * @property {'auto' | 'mp4' | 'webm'} [container]
 * @property {number} [bitRate]  of the picture, bits a second
 *
 * @typedef {object} Way
 * @property {string} codec
 * @property {'avc' | 'vp8' | 'vp9'} name
 * @property {'mp4' | 'webm'} container
 * @property {HardwareAcceleration} hardwareAcceleration
 */

/** @type {Way[]} */
const HARD = [
  { codec: 'avc1.640028', name: 'avc', container: 'mp4', hardwareAcceleration: 'prefer-hardware' },
  { codec: 'avc1.42e028', name: 'avc', container: 'mp4', hardwareAcceleration: 'prefer-hardware' },
]
/** @type {Way[]} */
const SOFT = [
  { codec: 'avc1.640028', name: 'avc', container: 'mp4', hardwareAcceleration: 'no-preference' },
  { codec: 'avc1.42e028', name: 'avc', container: 'mp4', hardwareAcceleration: 'no-preference' },
]
/** @type {Way[]} */
const WEBM = [
  { codec: 'vp8', name: 'vp8', container: 'webm', hardwareAcceleration: 'no-preference' },
  { codec: 'vp09.00.40.08', name: 'vp9', container: 'webm', hardwareAcceleration: 'no-preference' },
]

/** Bits for each pixel of each frame: 4 Mbit/s at 1280 × 720 and 30 frames a second. */
const BITS = 0.15
const LEAST = 250_000
/** What a leader may ask for, bits a second. */
const ASKED = { least: 100_000, most: 100_000_000 }
/** All sound is brought to this rate, whatever the card has: every encoder takes it. */
const RATE = 48_000

/**
 * @param {{width: number, height: number, framerate: number} | null} picture
 * @param {{channels: number} | null} sound
 * @param {Prefer} [prefer]
 * @returns {Promise<Choice>}  null in it: this browser can't encode that
 */
export async function choose(picture, sound, prefer = {}) {
  const config = sound && soundOf(sound.channels)
  const aac = config && { ...config, codec: 'mp4a.40.2' }
  const noAAC = aac !== null && !(await supported(AudioEncoder, aac))
  const found = picture && (await chooseVideo(picture, order(prefer.container, noAAC), prefer.bitRate))
  const container = found?.container ?? (prefer.container === 'mp4' || (prefer.container !== 'webm' && !noAAC) ? 'mp4' : 'webm')
  const opus = container === 'webm' || noAAC
  const audio = config && (opus ? { ...config, codec: 'opus' } : aac)
  const encodable = audio && (!opus || (await supported(AudioEncoder, audio)))
  return {
    container, video: found?.config ?? null, videoCodec: found?.name ?? null,
    audio: encodable ? audio : null, audioCodec: encodable ? (opus ? 'opus' : 'aac') : null,
  }
}

/**
 * Which ways to try, in this order. H.264 with AAC plays everywhere and every
 * editor takes it: where both can be had at little cost, that. Opus in MP4 is
 * known to browsers and few other players, so that without AAC only the leader's
 * wish makes it an MP4.
 *
 * @param {'auto' | 'mp4' | 'webm'} container
 * @param {boolean} noAAC  sound is wanted, and there is none
 */
function order(container = 'auto', noAAC = false) {
  if (container === 'webm') return [...WEBM, ...HARD, ...SOFT]
  if (container === 'mp4') return [...HARD, ...SOFT, ...WEBM]
  return noAAC ? [...WEBM, ...HARD, ...SOFT] : [...HARD, ...WEBM, ...SOFT]
}

/**
 * @param {{width: number, height: number, framerate: number}} picture
 * @param {Way[]} ways
 * @param {number} [bitRate]
 */
async function chooseVideo({ width, height, framerate }, ways, bitRate) {
  const usual = Math.max(LEAST, Math.round(width * height * framerate * BITS))
  const bitrate = bitRate ? Math.min(ASKED.most, Math.max(ASKED.least, bitRate)) : usual
  for (const { codec, name, container, hardwareAcceleration } of ways) {
    /** @type {VideoEncoderConfig} */
    const config = {
      codec, hardwareAcceleration, bitrate, framerate, latencyMode: 'realtime',
      width: width & ~1, height: height & ~1,
      ...(name === 'avc' ? { avc: { format: 'avc' } } : {}),
    }
    if (await supported(VideoEncoder, config)) return { config, name, container }
  }
  return null
}

/** @param {number} numberOfChannels */
function soundOf(numberOfChannels) {
  const channels = Math.max(1, Math.min(2, numberOfChannels))
  return { sampleRate: RATE, numberOfChannels: channels, bitrate: 64_000 * channels }
}

/**
 * @param {{isConfigSupported: (config: any) => Promise<{supported?: boolean}>}} encoder
 * @param {object} config
 */
async function supported(encoder, config) {
  try {
    return (await encoder.isConfigSupported(config)).supported === true
  } catch {
    return false
  }
}

/** Choices that have been made before: asking the browser takes too long for a take to wait for. */
export class Choices {
  /** @type {Map<string, Promise<Choice>>} */ #made = new Map()

  /**
   * The same for the same, and for nothing else.
   *
   * @param {{width: number, height: number, framerate: number} | null} picture
   * @param {{channels: number} | null} sound
   * @param {Prefer} [prefer]
   */
  of(picture, sound, prefer = {}) {
    const key = JSON.stringify([picture, sound, prefer.container, prefer.bitRate])
    const made = this.#made.get(key) ?? choose(picture, sound, prefer)
    this.#made.set(key, made)
    return made
  }
}
