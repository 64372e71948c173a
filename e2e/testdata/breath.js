/** A microphone that gives nothing at all, or a tone, as it is told. */
export class Breath {
  #writer
  #timer = 0
  #at = 0

  constructor() {
    const generator = new MediaStreamTrackGenerator({ kind: 'audio' })
    this.#writer = generator.writable.getWriter()
    this.track = generator
  }

  /** Sounds from now on: blocks of 10 ms as they fall due, stamped by the page's clock. */
  on() {
    this.#at = performance.now()
    this.#timer = setInterval(() => {
      for (; this.#at + 10 <= performance.now(); this.#at += 10) this.#give()
    }, 10)
  }

  #give() {
    const data = Float32Array.from({ length: 480 }, (_, i) => 0.5 * Math.sin(2 * Math.PI * 0.44 * (this.#at + i / 48)))
    const sound = { format: 'f32-planar', sampleRate: 48_000, numberOfFrames: 480, numberOfChannels: 1, timestamp: this.#at * 1000, data }
    void this.#writer.write(new AudioData(sound))
  }

  off() {
    clearInterval(this.#timer)
  }
}
