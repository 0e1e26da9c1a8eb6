/** `npm run demo`: a month of traffic with attacks in it, played through the real pipeline. Arguments only; see demo/. */
const NODE_MAJOR_MIN = 24
const major = Number(process.versions.node.split('.')[0])

if (major < NODE_MAJOR_MIN) {
  process.stderr.write(
    `error: tokenwatch needs Node ${NODE_MAJOR_MIN} or later, this is ${process.versions.node}\n` +
      'remedy: npm run demo uses the Node that npm install has put beside it\n',
  )
  process.exitCode = 3
} else {
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  // Loaded only now, because the rest may not even parse in an older Node.
  const { runDemo } = await import('./demo/program.ts')
  process.exitCode = await runDemo(process.argv.slice(2))
}
