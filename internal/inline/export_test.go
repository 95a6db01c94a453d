package inline

// Shared is how many pairs of ports each talk has that has more than one.
func (g *Gate) Shared() (of []int) {
	n := map[*flow]int{}
	for _, f := range g.flows {
		n[f]++
	}
	for _, k := range n {
		if k > 1 {
			of = append(of, k)
		}
	}
	return of
}
