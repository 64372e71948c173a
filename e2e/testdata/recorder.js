// A device that records: the camera, or with ?source=canvas a canvas that shows
// the page's time, ?source=noise one of noise. What it says is in `recording`.
import { join } from '/downbeat.js'
import { Recorder } from '/recorder.js'
import { gloom } from '/test/gloom.js'
import { Breath } from '/test/breath.js'
import { live } from '/test/live.js'
import { noise, readCode, timeCode } from '/test/timecode.js'

const params = new URLSearchParams(location.search)
const resume = params.has('resume')
const session = await join({ sessionId: 'studio', deviceType: 'desktop', viewType: params.get('view'), resume })
const options = { video: true, audio: !params.has('mute') }
if (params.has('method')) options.method = params.get('method')
if (params.get('source') === 'canvas') options.stream = timeCode(() => globalThis.recording?.drawing !== false)
if (params.get('source') === 'noise') options.stream = noise(options.method === 'mediarecorder' ? 480 : 1280)
if (params.get('source') === 'live') options.stream = live()
// A camera that never gives a picture: ?source=blind.
if (params.get('source') === 'blind') options.stream = new MediaStream([new MediaStreamTrackGenerator({ kind: 'video' }), ...live().getAudioTracks()])
// A microphone that sounds when it is told to: ?breath.
const breath = params.has('breath') ? new Breath() : null
if (breath) options.stream = new MediaStream([...timeCode(() => globalThis.recording?.drawing !== false).getVideoTracks(), breath.track])
if (params.get('source') === 'gloom') options.stream = gloom(() => globalThis.recording?.lit === true)
// A microphone that can be pulled and plugged in: ?plugged.
let plugged = true
let own = null
if (params.has('plugged')) {
  navigator.mediaDevices.getUserMedia = async ({ video, audio }) => {
    if (audio && !plugged) throw new DOMException('no microphone', 'NotFoundError')
    if (audio) (own = new Breath()).on()
    return new MediaStream([...(video ? timeCode().getVideoTracks() : []), ...(audio ? [own.track] : [])])
  }
}
const recorder = new Recorder(session, options)

const troubles = []
const cleared = []
const counts = []
recorder.on('cleared', ({ code }) => cleared.push(code))
recorder.on('trouble', trouble => troubles.push(trouble))
recorder.on('countdown', count => counts.push(count))
const until = done => new Promise(resolve => {
  const look = () => (done() ? resolve() : setTimeout(look, 5))
  look()
})

/** What the camera gave, seen by another reader of its track: stamps in µs, and the numbers that it shows. */
const seen = []
async function tap(blocks) {
  const track = recorder.stream.getVideoTracks()[0].clone()
  const reader = new MediaStreamTrackProcessor({ track, maxBufferSize: 30 }).readable.getReader()
  for (;;) {
    const { value: frame, done } = await reader.read()
    if (done) return
    seen.push({ stamp: frame.timestamp, code: readCode(frame, ...blocks) })
    if (seen.length > 400) seen.shift()
    frame.close()
  }
}

const jank = Number(params.get('jank'))
const block = () => {
  const end = performance.now() + Math.random() * jank
  while (performance.now() < end);
  setTimeout(block, Math.random() * 20)
}
if (jank > 0) block()

globalThis.recording = {
  session, recorder, troubles, cleared, counts, until, breath, drawing: true, lit: false,
  id: session.deviceId,
  opened: until(() => session.bound < 5).then(() => recorder.open()).then(() => '', error => error.code),
  /** Marks the page's time for the trace. */
  probe: () => {
    for (let i = 0; i < 20; i++) performance.mark(`page:${session.deviceId}:${performance.now()}`)
  },
  seen,
  pull: () => {
    plugged = false
    own.off()
    own.track.stop()
    own.track.dispatchEvent(new Event('ended'))
  },
  plug: () => {
    plugged = true
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'))
  },
  tap: blocks => void tap(blocks),
  uploaded: async () => {
    await until(() => recorder.takes.length && recorder.takes.every(take => take.state === 'uploaded' || take.state === 'failed'))
    return recorder.takes
  },
}
