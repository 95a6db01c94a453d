// Steps runs the steps of the walk, tells of each, and goes on after a failed one,
// so that one run shows all that is wrong.
export class Steps {
  passed = 0
  failed = 0

  step = async (name, run) => {
    const began = performance.now()
    try {
      await run()
      this.passed++
      console.log(`ok    ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
    } catch (error) {
      this.failed++
      console.log(`FAIL  ${name}\n      ${String(error.message).split('\n').slice(0, 12).join('\n      ')}`)
    }
  }

  check = (holds, message) => {
    if (!holds) throw new Error(message)
  }

  // end prints the sum and gives the exit code.
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`)
    return this.failed > 0 ? 1 : 0
  }
}
