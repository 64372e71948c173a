// A device that records: the camera, or with ?source=canvas a canvas that shows
// the page's time, ?source=noise one of noise. What it says is in `recording`.
import { join } from '/downbeat.js'
import { Recorder } from '/recorder.js'
import { firstPicture, grey } from '/test/recorder_read.js'
import { noise, timeCode } from '/test/timecode.js'

const params = new URLSearchParams(location.search)
const resume = params.has('resume')
const session = await join({ sessionId: 'studio', deviceType: 'desktop', viewType: params.get('view'), resume })
const options = { video: true, audio: !params.has('mute') }
if (params.has('method')) options.method = params.get('method')
if (params.get('source') === 'canvas') options.stream = timeCode(() => globalThis.recording?.drawing !== false)
if (params.get('source') === 'noise') options.stream = noise()
const recorder = new Recorder(session, options)

const troubles = []
const counts = []
recorder.on('trouble', trouble => troubles.push(trouble))
recorder.on('countdown', count => counts.push(count))
const until = done => new Promise(resolve => {
  const look = () => (done() ? resolve() : setTimeout(look, 5))
  look()
})

/** What the camera gave, seen by another reader of its track: stamps in µs, and small pictures. */
const seen = []
async function tap() {
  const track = recorder.stream.getVideoTracks()[0].clone()
  const reader = new MediaStreamTrackProcessor({ track, maxBufferSize: 30 }).readable.getReader()
  for (;;) {
    const { value: frame, done } = await reader.read()
    if (done) return
    seen.push({ stamp: frame.timestamp, arrived: performance.now(), picture: grey(frame) })
    if (seen.length > 200) seen.shift()
    frame.close()
  }
}

/** How far a picture is from each of two, where those two differ: what encoding does to all alike doesn't count. */
function apart(picture, one, other) {
  let near = 1
  let far = 1
  for (let i = 0; i < picture.length; i++) {
    if (Math.abs(one[i] - other[i]) < 12) continue
    near += Math.abs(picture[i] - one[i])
    far += Math.abs(picture[i] - other[i])
  }
  return [near, far]
}

const jank = Number(params.get('jank'))
const block = () => {
  const end = performance.now() + Math.random() * jank
  while (performance.now() < end);
  setTimeout(block, Math.random() * 20)
}
if (jank > 0) block()

globalThis.recording = {
  session, recorder, troubles, counts, until, drawing: true,
  id: session.deviceId,
  opened: until(() => session.bound < 5).then(() => recorder.open()).then(() => '', error => error.code),
  /** Marks the page's time for the trace. */
  probe: () => {
    for (let i = 0; i < 20; i++) performance.mark(`page:${session.deviceId}:${performance.now()}`)
  },
  tap: () => void tap(),
  /** Which of the camera's frames a file begins with: its stamp, those of its neighbours, and how sure that is. */
  begins: async url => {
    const picture = await firstPicture(url)
    let best = 0
    for (let i = 1; i < seen.length; i++) {
      const [near, far] = apart(picture, seen[best].picture, seen[i].picture)
      if (far < near) best = i
    }
    const rivals = seen.flatMap((s, i) => (i === best ? [] : [apart(picture, seen[best].picture, s.picture)]))
    const [far, next] = rivals.reduce((a, b) => (b[1] / b[0] < a[1] / a[0] ? b : a))
    return { stamp: seen[best].stamp, before: seen[best - 1]?.stamp ?? 0, after: seen[best + 1]?.stamp ?? 1e15, far, next }
  },
  uploaded: async () => {
    await until(() => recorder.takes.length && recorder.takes.every(take => take.state === 'uploaded' || take.state === 'failed'))
    return recorder.takes
  },
}
