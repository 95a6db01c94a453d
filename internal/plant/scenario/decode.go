package scenario

import "firedoor/internal/written"

// decoder takes a scenario's file apart.
type decoder struct{ written.Tree }
