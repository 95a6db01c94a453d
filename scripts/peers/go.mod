// Clients with gopcua and simonvetter/modbus: a module of its own, so that the product does not depend on them.
module firedoor/scripts/peers

go 1.26.0

require (
	github.com/gopcua/opcua v0.8.0
	github.com/simonvetter/modbus v1.6.4
)

require github.com/goburrow/serial v0.1.0 // indirect
