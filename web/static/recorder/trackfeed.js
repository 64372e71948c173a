import { CaptureTimes, watchCaptures } from './capturetimes.js'

/** @import { RecorderWorker } from './recorderworker.js' */

/** Blocks of sound that wait for a busy worker: a second, mostly. */
const SOUND = 100

/**
 * Frames of a track, as they are captured: not in TypeScript's types yet.
 *
 * @typedef {new (of: {track: MediaStreamTrack, maxBufferSize: number}) => {readable: ReadableStream}} Processor
 */

/**
 * @typedef {object} TrackEvents
 * @property {(capture: number | undefined) => void} saw  a frame, where the worker has none; page time, ms
 * @property {(kind: string) => void} lost  a track ended by itself
 * @property {(muted: boolean) => void} muted  the camera gives nothing just now
 */

/**
 * Gives a stream's frames to the worker, and watches over its tracks.
 *
 * @param {MediaStream} stream
 * @param {RecorderWorker} worker
 * @param {number | null} step  the smallest step of performance.now(), ms; null: MediaRecorder has the frames
 * @param {TrackEvents} on
 * @returns {Promise<() => void>}  ends it
 */
export async function connectTracks(stream, worker, step, on) {
  if (step !== null) await feed(stream, worker, step)
  const times = new CaptureTimes(batch => worker.post({ type: 'captures', times: batch }))
  const unwatch = watchCaptures(stream, (capture, media) => (step !== null ? times.add(capture, media) : on.saw(capture)))
  const ending = new AbortController()
  for (const track of stream.getTracks()) guard(track, on, ending.signal)
  return () => {
    unwatch()
    ending.abort()
  }
}

/**
 * @param {MediaStreamTrack} track
 * @param {TrackEvents} on
 * @param {AbortSignal} signal
 */
function guard(track, on, signal) {
  track.addEventListener('ended', () => on.lost(track.kind), { signal })
  for (const muted of [true, false]) {
    if (track.kind === 'video') track.addEventListener(muted ? 'mute' : 'unmute', () => on.muted(muted), { signal })
  }
  if (track.readyState === 'ended') on.lost(track.kind)
}

/**
 * Hands the frames to the worker, past the page.
 *
 * @param {MediaStream} stream
 * @param {RecorderWorker} worker
 * @param {number} step  the smallest step of performance.now(), ms
 */
async function feed(stream, worker, step) {
  const relation = await worker.relate(step)
  const [camera] = stream.getVideoTracks()
  const [microphone] = stream.getAudioTracks()
  const video = processed(camera, 10)
  const audio = processed(microphone, SOUND)
  const settings = { frameRate: camera?.getSettings().frameRate, channelCount: microphone?.getSettings().channelCount }
  worker.post({ type: 'tracks', video, audio, step, relation, settings }, [video, audio].filter(feed => feed !== undefined))
}

/**
 * Another microphone, or the same come back: what is being recorded goes on with it.
 *
 * @param {MediaStreamTrack} track
 * @param {RecorderWorker} worker
 */
export function feedSound(track, worker) {
  const audio = processed(track, SOUND)
  if (audio) worker.post({ type: 'sound', audio, settings: { channelCount: track.getSettings().channelCount } }, [audio])
}

/**
 * @param {MediaStreamTrack | undefined} track
 * @param {number} maxBufferSize
 */
function processed(track, maxBufferSize) {
  const { MediaStreamTrackProcessor: Processor } = /** @type {{MediaStreamTrackProcessor?: Processor}} */ (globalThis)
  return Processor && track?.readyState === 'live' ? new Processor({ track, maxBufferSize }).readable : undefined
}
