package physics

import "math"

// Book is one conserved quantity over the whole plant since the start.
type Book struct {
	In     float64 // came into the plant
	Out    float64 // left it as meant: bottles, condensate, waste water, chiller
	Lost   float64 // left it otherwise: spilt, evaporated, blown off, heat to the room
	Before float64 // held at the start
	Stored float64 // held now
	// Residual is what does not add up, relative to what was moved and held.
	Residual float64
}

func (b *Book) close(stored float64) Book {
	c := *b
	c.Stored = stored
	gap := c.In - c.Out - c.Lost - (c.Stored - c.Before)
	c.Residual = math.Abs(gap) / (c.In + math.Abs(c.Before) + 1)
	return c
}

// Balance gives the books of mass (kg) and heat (kJ above 0 °C). Mass is product
// and water in vessels and drum; heat is theirs and that of jackets and loops.
func (p *Plant) Balance() (mass, energy Book) {
	m, e := p.stored()
	return p.mass.close(m), p.energy.close(e)
}

func (p *Plant) stored() (mass, energy float64) {
	for i := range p.mixers {
		m := &p.mixers[i]
		mass += m.mass
		energy += m.heat + float64(jacketCapacity*m.jacket)
	}
	mass += p.filler.mass + p.boiler.mass
	energy += p.filler.heat + p.boiler.heat + float64(loopCapacity*p.utility.water)
	return mass, energy
}
