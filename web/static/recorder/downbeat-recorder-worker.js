import { Studio } from './studio.js'

/** @type {{postMessage: (message: any, transfer?: Transferable[]) => void, onmessage: ((event: MessageEvent) => void) | null}} */
const scope = /** @type {any} */ (globalThis)

if ('WorkerGlobalScope' in globalThis) {
  const studio = new Studio((message, transfer) => scope.postMessage(message, transfer))
  scope.onmessage = event => studio.receive(event.data)
  scope.postMessage({ type: 'ready' })
}
