// Runs before anything is painted or parsed; a file of its own because the content policy allows no inline script.
// The stored theme is set here so that a reload never flashes the other one.
try {
  const theme = localStorage.getItem('reeve.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
  const density = localStorage.getItem('reeve.density')
  if (density === 'compact' || density === 'roomy') document.documentElement.dataset.density = density
} catch {
  // Storage may be forbidden; the defaults are fine.
}
// zod probes for `new Function` where it may compile schemas; under our policy the probe itself would be a violation.
globalThis.__zod_globalConfig = { jitless: true }
