/**
 * What goes wrong while recording, in words that say what to do. `fatal`: the
 * take under way ended or won't begin; what was recorded is kept.
 *
 * @typedef {object} Trouble
 * @property {string} code
 * @property {string} message
 * @property {boolean} fatal
 * @property {string} [detail]  the browser's words
 */

/** @type {Record<string, [message: string, fatal: boolean]>} */
const WORDS = {
  camera_frozen: ['The camera stopped sending pictures. Bring this page to the front and unlock the screen; if that doesn’t help, close other programs that use the camera and reload.', false],
  camera_muted: ['The camera is switched off or used by something else. Switch it on, or end the other use.', false],
  camera_lost: ['The camera is gone. Connect it again, or choose another one. What was recorded is kept.', true],
  microphone_lost: ['The microphone is gone. The recording goes on, and is silent until the microphone is back. Connect it again.', false],
  microphone_silent: ['Nothing comes from the microphone. The recording goes on, and is silent until sound comes. Look whether it is switched on, or choose another one before the next take.', false],
  silent_take: ['This recording is silent from beginning to end. Look whether the microphone is switched on, or choose another one before the next take.', false],
  sound_failed: ['The browser’s encoder for sound gave up. The recording goes on without sound.', false],
  cannot_encode_sound: ['This browser can’t encode sound; the recording is without it. Try another browser.', false],
  frame_failed: ['Something that camera or microphone sent couldn’t be used, and is missing from the recording.', false],
  no_frames: ['The camera sends no pictures, so that nothing can be recorded. Choose another one, or reload.', true],
  cannot_encode: ['This browser can’t encode what the camera sends. Choose a smaller picture, or another browser.', true],
  encoder_failed: ['The browser’s encoder gave up. What was recorded until then is kept; the next take may work.', true],
  too_slow: ['This device is too slow for this picture, and left some frames out. Choose a smaller one, or close other programs.', false],
  storage_full: ['The storage of this device is full: the recording ended here. What was recorded is kept and uploaded. Make room before the next take.', true],
  storage_failed: ['Nothing can be stored on this device. Make room, or leave the browser’s private mode, then reload.', true],
  no_storage: ['This browser keeps recordings in memory only: don’t close this page before everything is uploaded.', false],
  not_continued: ['This device was cut off in the middle of the take, and can’t go on in it. What it recorded before is kept and uploaded; it records again from the next take on.', true],
  nothing_recorded: ['Nothing was recorded in this take.', true],
  coarse_clock: ['Session time isn’t known well yet: the recording’s times will be as coarse.', false],
  interrupted: ['A recording was interrupted when this page was closed. What was recorded until then is kept and uploaded.', false],
  recorder_broken: ['The recorder failed to start. Reload the page.', true],
}

/** Of a take that is over: they are taken back when another one has begun. */
const OF_A_TAKE = [
  'encoder_failed', 'too_slow', 'nothing_recorded', 'not_continued', 'cannot_encode', 'no_frames', 'storage_failed', 'storage_full', 'microphone_silent',
  'silent_take', 'sound_failed', 'cannot_encode_sound', 'frame_failed',
]

/** What is wrong now: said once, and taken back when its cause is gone. */
export class Troubles {
  #said
  #cleared
  /** @type {Map<string, Trouble>} */ #held = new Map()

  /**
   * @param {(trouble: Trouble) => void} said
   * @param {(code: string) => void} cleared
   */
  constructor(said, cleared) {
    this.#said = said
    this.#cleared = cleared
  }

  get all() {
    return [...this.#held.values()]
  }

  /** @param {string} code */
  has(code) {
    return this.#held.has(code)
  }

  /**
   * @param {string} code
   * @param {string} [detail]
   */
  say(code, detail) {
    const trouble = troubleOf(code, detail)
    this.#held.set(code, trouble)
    this.#said(trouble)
  }

  /** @param {string} kind  of a track that ended */
  lost(kind) {
    this.say(kind === 'video' ? 'camera_lost' : 'microphone_lost')
  }

  /** @param {boolean} muted  the camera */
  muted(muted) {
    if (muted) this.say('camera_muted')
    else this.clear('camera_muted')
  }

  /** @param {boolean} frozen  no frame comes; else: one has */
  frozen(frozen) {
    if (frozen) this.say('camera_frozen')
    else this.clear('camera_frozen', 'camera_muted', 'no_frames')
  }

  /** Camera and microphone are others. */
  swapped() {
    this.clear('camera_lost', 'camera_muted', 'camera_frozen', 'no_frames', 'microphone_lost', 'microphone_silent')
  }

  /** Another take has begun. */
  begun() {
    this.clear(...OF_A_TAKE)
  }

  /** @param {string[]} codes */
  clear(...codes) {
    for (const code of codes) if (this.#held.delete(code)) this.#cleared(code)
  }
}

/**
 * @param {string} code
 * @param {string} [detail]
 * @returns {Trouble}
 */
export function troubleOf(code, detail) {
  const [message, fatal] = WORDS[code] ?? [code, false]
  return { code, message, fatal, ...(detail ? { detail } : {}) }
}
