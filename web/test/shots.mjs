// shoot takes a picture of every room at three widths in both themes, and holds
// that no room is wider than its screen.
const sizes = [
  { width: 390, height: 844 },
  { width: 1280, height: 800 },
  { width: 2560, height: 1440 },
]

export async function shoot({ places, base, open, step, check, dress, out }) {
  for (const viewport of sizes) {
    const page = await open({ viewport, reducedMotion: 'reduce' })
    for (const [room, path, ready] of places) {
      for (const theme of ['light', 'dark']) {
        await step(`picture: ${room}, ${viewport.width} px, ${theme}`, async () => {
          if (theme === 'light') await page.goto(base + path)
          await dress(page, theme)
          await page.locator(ready).first().waitFor()
          await page.locator('.loading').first().waitFor({ state: 'detached' })
          await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
          if (out) await page.screenshot({ path: `${out}/${room}-${viewport.width}-${theme}.png` })
          const over = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector('.room')?.scrollWidth ?? 0) - innerWidth)
          check(over <= 0, `it is ${over} px wider than the screen`)
        })
      }
    }
    await page.context().close()
  }
}
