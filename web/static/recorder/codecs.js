/**
 * What to encode with, and in which container.
 *
 * @typedef {object} Choice
 * @property {VideoEncoderConfig | null} video
 * @property {AudioEncoderConfig | null} audio
 * @property {'avc' | 'vp8' | 'vp9' | null} videoCodec  in the muxer's words
 * @property {'aac' | 'opus' | null} audioCodec
 * @property {'mp4' | 'webm'} container
 */

/**
 * In hardware if there is any, since phones get hot; then what costs least.
 *
 * @type {{codec: string, name: 'avc' | 'vp8' | 'vp9', container: 'mp4' | 'webm', hardwareAcceleration: HardwareAcceleration}[]}
 */
const VIDEO = [
  { codec: 'avc1.640028', name: 'avc', container: 'mp4', hardwareAcceleration: 'prefer-hardware' },
  { codec: 'avc1.42e028', name: 'avc', container: 'mp4', hardwareAcceleration: 'prefer-hardware' },
  { codec: 'vp8', name: 'vp8', container: 'webm', hardwareAcceleration: 'no-preference' },
  { codec: 'vp09.00.40.08', name: 'vp9', container: 'webm', hardwareAcceleration: 'no-preference' },
  { codec: 'avc1.42e028', name: 'avc', container: 'mp4', hardwareAcceleration: 'no-preference' },
]

/** Bits for each pixel of each frame: 4 Mbit/s at 1280 × 720 and 30 frames a second. */
const BITS = 0.15

/**
 * @param {{width: number, height: number, framerate: number} | null} picture
 * @param {{sampleRate: number, numberOfChannels: number} | null} sound
 * @returns {Promise<Choice>}  null in it: this browser can't encode that
 */
export async function choose(picture, sound) {
  const found = picture && (await chooseVideo(picture))
  const container = found?.container ?? 'webm'
  const audio = sound && (await chooseAudio(sound, container))
  return {
    container, video: found?.config ?? null, videoCodec: found?.name ?? null,
    audio: audio?.config ?? null, audioCodec: audio?.name ?? null,
  }
}

/** @param {{width: number, height: number, framerate: number}} picture */
async function chooseVideo({ width, height, framerate }) {
  const bitrate = Math.max(250_000, Math.round(width * height * framerate * BITS))
  for (const { codec, name, container, hardwareAcceleration } of VIDEO) {
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

/**
 * @param {{sampleRate: number, numberOfChannels: number}} sound
 * @param {'mp4' | 'webm'} container
 */
async function chooseAudio({ sampleRate, numberOfChannels }, container) {
  const channels = Math.min(2, numberOfChannels)
  const common = { sampleRate, numberOfChannels: channels, bitrate: 64_000 * channels }
  const aac = { codec: 'mp4a.40.2', ...common }
  const opus = { codec: 'opus', ...common }
  if (container === 'mp4' && (await supported(AudioEncoder, aac))) return { config: aac, name: /** @type {const} */ ('aac') }
  if (await supported(AudioEncoder, opus)) return { config: opus, name: /** @type {const} */ ('opus') }
  return null
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
