/** A camera in a covered lens and a microphone that is switched off, until `lit()`. */
export function gloom(lit) {
  const canvas = document.createElement('canvas')
  canvas.width = 320
  canvas.height = 180
  const context = canvas.getContext('2d', { alpha: false })
  const sound = new AudioContext()
  const tone = new OscillatorNode(sound)
  const gain = new GainNode(sound, { gain: 0 })
  const out = new MediaStreamAudioDestinationNode(sound)
  tone.connect(gain).connect(out)
  tone.start()
  const draw = () => {
    requestAnimationFrame(draw)
    gain.gain.value = lit() ? 0.5 : 0
    context.fillStyle = lit() ? `hsl(${performance.now() / 10}, 80%, 50%)` : `rgb(0, 0, ${Math.round(performance.now()) % 2})`
    context.fillRect(0, 0, 320, 180)
    if (lit()) context.clearRect(0, 0, 160, 90)
  }
  draw()
  return new MediaStream([...canvas.captureStream(30).getVideoTracks(), ...out.stream.getAudioTracks()])
}
