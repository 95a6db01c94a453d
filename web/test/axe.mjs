import axe from 'axe-core'

// judge holds every room against WCAG 2.2 AA with axe, in both themes and on a
// phone. What is serious or critical fails.
export async function judge({ places, base, open, step, check, dress }) {
  const looks = [
    { name: '', themes: ['light', 'dark'], viewport: { width: 1280, height: 800 } },
    { name: ', phone', themes: ['light'], viewport: { width: 390, height: 844 } },
  ]
  for (const { name, themes, viewport } of looks) {
    const page = await open({ viewport })
    for (const [room, path, ready] of places) {
      for (const theme of themes) {
        await step(`axe: ${room}, ${theme}${name}`, async () => {
          if (theme === themes[0]) {
            await page.goto(base + path)
            await page.evaluate(axe.source)
          }
          await dress(page, theme)
          await page.locator(ready).first().waitFor()
          const { violations } = await page.evaluate(() =>
            globalThis.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }),
          )
          const grave = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
          for (const v of violations.filter((v) => !grave.includes(v))) console.log(`      ${v.impact}: ${v.help} (${v.nodes[0].html.slice(0, 120)})`)
          check(grave.length === 0, grave.map((v) => `${v.impact}: ${v.help}\n${v.nodes.slice(0, 3).map((n) => `  ${n.html.slice(0, 160)}\n  ${n.failureSummary?.split('\n')[1] ?? ''}`).join('\n')}`).join('\n'))
        })
      }
    }
    await page.context().close()
  }
}
