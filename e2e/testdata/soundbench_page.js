// Runs the worker for what is wanted: the answer is `measured`.
while (!globalThis.wanted) await new Promise(resolve => setTimeout(resolve, 10))
const worker = new Worker('/test/soundbench.js', { type: 'module' })
worker.onerror = event => (globalThis.measured = { error: event.message })
worker.onmessage = ({ data }) => {
  worker.terminate()
  globalThis.measured = data
}
worker.postMessage(globalThis.wanted)
