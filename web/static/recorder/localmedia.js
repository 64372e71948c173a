import { adjust, openCamera, openMicrophone } from './camera.js'
import { StreamMeter } from './streammeter.js'
import { connectTracks, feedSound } from './trackfeed.js'

/** @import { Choices, Wishes } from './camera.js' */
/** @import { RecorderWorker } from './recorderworker.js' */
/** @import { CameraSettings } from './settings.js' */
/** @import { MicrophoneState } from './devicestatus.js' */
/** @import { Health } from './healthwarnings.js' */

/**
 * @typedef {object} LocalMediaEvents
 * @property {(kind: string) => void} lost  a track ended by itself
 * @property {() => void} microphoneBack  there is a microphone again
 * @property {() => void} back   a camera was connected while there is none
 * @property {(muted: boolean) => void} muted  the camera gives nothing just now
 * @property {(capture: number | undefined) => void} saw  a frame, where the worker has none
 * @property {(health: Health) => void} health  how frames and sound come, where the worker has none
 * @property {() => void} swapped  the stream is another one
 */

/** Camera and microphone, or the stream that stands for them, and their way to the worker. */
export class LocalMedia {
  #wishes
  #given
  #step
  #on
  /** @type {Choices} */ #choices = {}
  /** @type {CameraSettings} */ #settings = {}
  /** What opened last. */
  /** @type {{choices: Choices, settings: CameraSettings}} */ #worked = { choices: {}, settings: {} }
  /** Only another stream will do. */
  #stale = false
  /** @type {RecorderWorker | null} */ #worker = null
  #disconnect = () => {}
  /** @type {StreamMeter | null} */ #meter = null
  /** Changes are made one after the other; of those that wait the last one counts. */
  #turn = Promise.resolve()
  #asked = 0
  #ending = new AbortController()
  /** @type {MediaStream | null} */ stream = null
  /** Why there is no sound, if there is none. */
  /** @type {MicrophoneState} */ microphone = 'off'

  /**
   * @param {Wishes} wishes
   * @param {MediaStream | undefined} given  to be recorded instead; its tracks stay the caller's
   * @param {number | null} step  the smallest step of performance.now(), ms; null: MediaRecorder has the frames
   * @param {LocalMediaEvents} on
   */
  constructor(wishes, given, step, on) {
    this.#wishes = wishes
    this.#given = given
    this.#step = step
    this.#on = on
    const { signal } = this.#ending
    if (!given) navigator.mediaDevices?.addEventListener?.('devicechange', () => this.#connected(), { signal })
  }

  /** Asks for the camera; rejects as `openCamera` does. */
  async open() {
    if (this.#given) {
      this.stream = this.#given
      this.microphone = this.#given.getAudioTracks().length ? 'ready' : 'off'
      return
    }
    const { stream, microphone } = await openCamera(this.#wishes, this.#choices, this.#settings)
    Object.assign(this, { stream, microphone })
  }

  /** @param {RecorderWorker} worker */
  async connect(worker) {
    this.#worker = worker
    const stream = /** @type {MediaStream} */ (this.stream)
    this.#disconnect = await connectTracks(stream, worker, this.#step, {
      saw: capture => {
        this.#on.saw(capture)
        this.#meter?.saw()
      },
      lost: kind => this.#lost(kind),
      muted: muted => this.#on.muted(muted),
    })
    if (this.#step === null) this.#meter = new StreamMeter(stream, health => this.#on.health(health))
  }

  /** Is there something to record? */
  get live() {
    const tracks = this.stream?.getTracks() ?? []
    const video = tracks.filter(({ kind }) => kind === 'video')
    return (video.length ? video : tracks).some(({ readyState }) => readyState === 'live')
  }

  /** @returns {MediaStreamTrack | undefined} */
  get video() {
    return this.stream?.getVideoTracks()[0]
  }

  /** @returns {MediaStreamTrack | undefined} */
  get audio() {
    return this.stream?.getAudioTracks()[0]
  }

  /** Levels, where the worker has none. */
  get meter() {
    return this.#meter
  }

  /** Should there be sound? */
  get wantsSound() {
    return !this.#given && !!this.#wishes.audio && this.#settings.sound !== false
  }

  /** @param {string} kind */
  #lost(kind) {
    if (kind === 'audio') this.microphone = 'lost'
    this.#on.lost(kind)
    if (kind === 'audio') void this.#hearAgain() // another one may be there
  }

  /** Something was connected or taken away. */
  #connected() {
    if (this.audio?.readyState !== 'live') void this.#hearAgain()
    if (this.#worker && !this.live) this.#on.back()
  }

  /** A microphone that comes back is heard again, in a take too. MediaRecorder can't. */
  async #hearAgain() {
    const worker = this.#worker
    if (!worker || !this.wantsSound || this.#step === null || !this.live) return
    const track = await openMicrophone(this.#wishes.audio)
    if (!track) return
    if (this.#worker !== worker || !this.stream || this.audio?.readyState === 'live') return track.stop()
    for (const old of this.stream.getAudioTracks()) this.stream.removeTrack(old)
    this.stream.addTrack(track)
    track.addEventListener('ended', () => this.audio === track && this.#lost('audio'), { signal: this.#ending.signal })
    feedSound(track, worker)
    this.microphone = 'ready'
    this.#on.microphoneBack()
  }

  /**
   * Another camera or microphone. When several are chosen quickly one after the other, the
   * last one is opened.
   *
   * @param {Choices} choices
   */
  choose(choices) {
    Object.assign(this.#choices, choices)
    this.#stale = true
    return this.#change()
  }

  /**
   * Other settings: as far as the camera that is open can follow, else with another stream.
   *
   * @param {CameraSettings} settings
   */
  configure(settings) {
    const { cameraId } = settings
    if (cameraId && cameraId !== this.#settings.cameraId && cameraId !== this.video?.getSettings().deviceId) {
      this.#choices.videoDeviceId = cameraId
      this.#stale = true
    }
    if ((settings.sound === false) !== (this.#settings.sound === false)) this.#stale = true
    this.#settings = settings
    return this.#change()
  }

  #change() {
    const asked = ++this.#asked
    const turn = this.#turn.then(() => (asked === this.#asked ? this.#follow() : undefined))
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #follow() {
    if (!this.#worker || this.#given) return
    const stale = this.#stale || !this.live
    this.#stale = false
    if (stale || !(await this.#adjusted())) await this.#swap()
  }

  /** Could the camera follow? Its pictures may have another size then. */
  async #adjusted() {
    const { video } = this
    if (!video) return true
    const before = JSON.stringify(sizeOf(video))
    try {
      await adjust(video, this.#wishes.video, this.#settings)
    } catch {
      return false
    }
    this.#worked.settings = this.#settings
    if (JSON.stringify(sizeOf(video)) === before || !this.#worker) return true
    this.#disconnect()
    await this.connect(this.#worker)
    return true
  }

  /** Opens what was chosen; when that can't be, what was open before. */
  async #swap() {
    const worker = /** @type {RecorderWorker} */ (this.#worker)
    this.#drop() // most phones open one camera at a time
    try {
      await this.open()
      this.#worked = { choices: { ...this.#choices }, settings: this.#settings }
    } catch (error) {
      this.#choices = { ...this.#worked.choices }
      const wanted = this.#settings
      this.#settings = this.#worked.settings
      await this.open().catch(() => {})
      this.#settings = wanted
      throw error
    } finally {
      if (this.#worker !== worker) this.#drop() // closed meanwhile
      else if (this.stream) await this.connect(worker)
      if (this.video && this.#settings.torch) await adjust(this.video, this.#wishes.video, this.#settings).catch(() => {})
      if (this.#worker === worker) this.#on.swapped()
    }
  }

  #drop() {
    this.#disconnect()
    this.#disconnect = () => {}
    this.#meter?.close()
    this.#meter = null
    if (!this.#given) for (const track of this.stream?.getTracks() ?? []) track.stop()
    this.stream = null
  }

  close() {
    this.#asked++
    this.#ending.abort()
    this.#worker = null
    this.#drop()
  }
}

/** @param {MediaStreamTrack} video */
function sizeOf(video) {
  const { width, height, frameRate } = video.getSettings()
  return { width, height, frameRate }
}
