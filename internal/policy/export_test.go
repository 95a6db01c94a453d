package policy

// CountPairs counts the pairs of the first conduit of a policy of two zones, each with half of
// the hosts.
func CountPairs(p *Plan) int {
	return p.conduits[0].pairs(1, 2, len(p.Policy.Hosts)/2, len(p.Policy.Hosts)/2)
}
