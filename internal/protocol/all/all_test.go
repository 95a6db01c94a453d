package all

import (
	"testing"

	"firedoor/internal/protocol/protocoltest"
)

// The template is built and tested like any other protocol, but it is not in
// List: nothing in production probes for it.
var tested = List

func TestContract(t *testing.T) { protocoltest.Run(t, tested) }

func FuzzParsers(f *testing.F) { protocoltest.Fuzz(f, tested) }
