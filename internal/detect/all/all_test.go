package all

import (
	"testing"

	"firedoor/internal/detect/detecttest"
)

func TestDetectors(t *testing.T) { detecttest.Run(t, List) }
