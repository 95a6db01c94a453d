package all

import (
	"slices"
	"testing"

	"firedoor/internal/protocol/protocoltest"
	"firedoor/internal/protocol/template"
)

// The template is built and tested like any other protocol, but it is not in
// List: nothing in production probes for it.
var tested = append(slices.Clone(List), template.Protocol)

func TestContract(t *testing.T) { protocoltest.Run(t, tested) }

func FuzzParsers(f *testing.F) { protocoltest.Fuzz(f, tested) }

func TestWords(t *testing.T) { protocoltest.Words(t, tested) }

const sheet = "../../../docs/COVERAGE.md"

func TestCoverageSheet(t *testing.T) { protocoltest.CoverageSheet(t, List, sheet) }

func TestSheetHoldsInTheGate(t *testing.T) {
	protocoltest.SheetHolds(t, List, sheet, "s7comm", "cip", "opcua", "dnp3", "iec104", "bacnet", "mqtt", "mms", "fins", "goose", "ecat")
}
