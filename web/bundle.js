/**
 * Builds the page of a directory with a bundler, as somebody who installed the package does:
 *
 *     node bundle.js vite|webpack|esbuild DIRECTORY
 *
 * DIRECTORY has index.html, app.js and node_modules/downbeat. What is built lies in
 * DIRECTORY/dist. web/package/README.md tells the same to people.
 */
const [bundler = '', root = ''] = process.argv.slice(2)
process.chdir(root)

/** @type {Record<string, () => Promise<unknown>>} */
const builds = {
  async vite() {
    const { build } = await import('vite')
    return build({ root, base: './', logLevel: 'warn' })
  },
  async webpack() {
    const { default: webpack } = await import('webpack')
    const compiler = webpack({ 
      mode: 'production', context: root, entry: './app.js', output: { path: `${root}/dist`, filename: 'app.js' },
      optimization: { minimize: false }, // which takes its time
    })
    return new Promise((resolve, reject) => compiler.run((error, stats) => {
      if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString()))
      else resolve(undefined)
    }))
  },
  async esbuild() {
    const { build } = await import('esbuild')
    return build({
      entryPoints: { app: './app.js', 'downbeat-worker': 'downbeat/worker', 'downbeat-recorder-worker': 'downbeat/recorder-worker' },
      bundle: true, minify: true, format: 'esm', outdir: 'dist',
    })
  },
}

await builds[bundler]()
