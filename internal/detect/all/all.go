package all

import (
	"firedoor/internal/detect"
	"firedoor/internal/detect/gravecommand"
	"firedoor/internal/detect/identitychange"
	"firedoor/internal/detect/malformed"
	"firedoor/internal/detect/newconversation"
	"firedoor/internal/detect/newdevice"
	"firedoor/internal/detect/newobject"
	"firedoor/internal/detect/newoperation"
	"firedoor/internal/detect/newwriter"
	"firedoor/internal/detect/tablefull"
	"firedoor/internal/detect/valueoutside"
)

// List is every detector, in the order in which they see an observation. The
// order decides nothing but the order of work: no detector sees what another
// one said.
var List = []detect.Detector{
	// Who is there, and is it still the same one?
	newdevice.Detector,
	identitychange.Detector,

	// Who speaks with whom, and asks what?
	newconversation.Detector,
	newoperation.Detector,

	// Who changes what? Of these at most one speaks of an operation.
	newwriter.Detector,
	newobject.Detector,
	valueoutside.Detector,
	gravecommand.Detector, // without a learned baseline

	// What is wrong by itself.
	malformed.Detector,
	tablefull.Detector,
}
