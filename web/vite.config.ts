import react from '@vitejs/plugin-react'
import { copyFileSync } from 'node:fs'
import { defineConfig, type Plugin } from 'vite'

// keepPlaceholder puts back dist/README.txt, which is committed so that the Go
// code that embeds the folder compiles before the console was ever built.
function keepPlaceholder(): Plugin {
  return {
    name: 'keep-placeholder',
    apply: 'build',
    closeBundle() {
      copyFileSync('placeholder.txt', 'dist/README.txt')
    },
  }
}

// The server in `npm run dev` passes the API on to a console that already runs.
const api = process.env.FIREDOOR_API ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react(), keepPlaceholder()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // no data: addresses, the security policy forbids them
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { host: '127.0.0.1', proxy: { '/api': api, '/link': api } },
})
