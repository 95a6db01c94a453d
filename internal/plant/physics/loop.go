package physics

// loop is a PI controller with a limited output. kp is output units per unit of
// error, ti the integral time in seconds.
type loop struct {
	kp, ti    float64
	low, high float64
	sum       float64 // the integral part, in output units
}

// step gives the output for one second. The integral stands still while the
// output is at a limit and the error pushes further: no wind-up.
func (l *loop) step(sp, pv float64) float64 {
	e := sp - pv
	p := float64(l.kp * e)
	out := p + l.sum
	if (out < l.high || e < 0) && (out > l.low || e > 0) {
		l.sum = clamp(l.sum+p/l.ti, l.low, l.high)
	}
	return clamp(p+l.sum, l.low, l.high)
}

// follow sets the integral so that the loop goes on from output out without a bump.
func (l *loop) follow(out float64) { l.sum = clamp(out, l.low, l.high) }
