// Package physics is the standard plant as matter and memory: two mixers, a
// filling line, a boiler, their utilities, the sensors and actuators on them,
// and the controllers' loops and values.
//
// Vessels, jacket, drum and cooling loop hold mass and heat in books that
// close (Balance). Sensors add noise, faults and the steps of a 12-bit
// converter; control loops see only what sensors tell, so a lying sensor
// misleads them. Actuators lag. Steam couples the boiler to the mixers,
// compressed air the utilities to filler and robot, product the mixers to the
// filler, and bottles the stations of the line.
//
// One Step is one second. A day is the same values for the same seed on every
// machine: generators live in the plant, every product is rounded by
// an explicit conversion so that no processor fuses it with a sum (an assignment
// does not forbid that), and nothing but + - * / and math.Floor, Min, Max, Abs and Sqrt is used.
//
// It must not know a network, a protocol, a clock of the machine, a calendar
// or an attack: who writes a setpoint, and when, is decided above. It allocates
// nothing in a step.
package physics
