// Runs before the first paint, so that a page in the dark never flashes white.
// The name of the setting is the one that src/main.tsx gives to Mantine.
;(function () {
  var chosen = null
  try {
    chosen = localStorage.getItem('firedoor-scheme')
  } catch (e) {
    // storage is switched off: follow the system
  }
  var dark = window.matchMedia('(prefers-color-scheme: dark)').matches
  var scheme = chosen === 'light' || chosen === 'dark' ? chosen : dark ? 'dark' : 'light'
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme)
})()
