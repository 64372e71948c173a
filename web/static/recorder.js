/**
 * Records camera and microphone when the session says so: from the first frame
 * captured at the take's instant to the last one before its stop, and uploads
 * it meanwhile.
 *
 *     import { join } from '/downbeat.js'
 *     import { Recorder } from '/recorder.js'
 *     const session = await join({ sessionId: 'studio', deviceType: 'mobile' })
 *     const recorder = new Recorder(session, { video: true, audio: true })
 *     await recorder.open()
 *     preview.srcObject = recorder.stream
 *
 * docs/recorder.md is its manual.
 */

/** @typedef {import('./recorder/devicerecorder.js').RecorderState} RecorderState */
/** @typedef {import('./recorder/uploadqueue.js').TakeState} TakeState */

export { Recorder } from './recorder/devicerecorder.js'
export { DownbeatError } from './lib/signaling.js'
