// The client of OPC UA with gopcua: a module of its own, so that the product does not depend on it.
module firedoor/scripts/peers

go 1.26.0

require github.com/gopcua/opcua v0.8.0
