package identitychange

import (
	"slices"
	"strings"

	"firedoor"
	"firedoor/internal/detect"
)

// Kinds of alert.
const (
	KindChange        = "identity-change"
	KindReplaced      = "device-replaced"
	KindContradiction = "address-contradiction"
)

// Detector tells of changed identities.
var Detector = detect.Detector{
	Name:  "identitychange",
	Doc:   "A device says something else of itself, another one took its place, or two claim one address.",
	Kinds: []string{KindChange, KindReplaced, KindContradiction},
	New: func(w detect.World) detect.Judge {
		return &judge{world: w, changes: map[string]*detect.Names{}}
	},
}

// maxDevices bounds the sentences that grow; later ones tell the latest change.
const maxDevices = 10_000

type judge struct {
	world   detect.World `snapshot:"-"`
	changes map[string]*detect.Names
}

// See implements detect.Judge.
func (j *judge) See(o *detect.Observation, raise func(*detect.Finding)) {
	if o.Learning {
		return
	}
	address := detect.Address(o.Client)
	switch o.Kind {
	case detect.IdentityChanged:
		j.change(o, address, raise)
	case detect.DeviceReplaced:
		frames := slices.Clone(o.Frames)
		slices.Reverse(frames) // the one that decided first
		before := detect.Called(o.Former.Name, string(o.Former.Role), address, o.Armed && !o.Former.Known)
		raise(&detect.Finding{Kind: KindReplaced, Cause: address + " " + o.New, Severity: firedoor.Medium,
			At: &detect.Evidence{Time: o.Since, Frames: frames, Client: o.Client, Server: o.Server, Protocol: o.Protocol},
			Sentence: "Another device took the place of " + before + ": MAC " + o.New + ", before " + o.Old +
				". Was it replaced on purpose?"})
	case detect.AddressContradiction:
		raise(&detect.Finding{Kind: KindContradiction, Cause: address, Severity: firedoor.High, Techniques: []string{"T0830"},
			Sentence: "Two devices use the address " + address + " at the same time: MAC " + o.Old + " and MAC " + o.New +
				". A double address, or somebody in between who reads and changes what is said."})
	}
}

func (j *judge) change(o *detect.Observation, address string, raise func(*detect.Finding)) {
	told := j.changes[address]
	if told == nil {
		told = &detect.Names{}
		if len(j.changes) < maxDevices {
			j.changes[address] = told
		}
	}
	now, before := quote(o.New), quote(o.Old)
	told.Add(o.Fact.String() + " " + now + " (before " + before + ")")
	f := detect.Finding{Kind: KindChange, Cause: address, Severity: firedoor.Medium,
		Sentence: detect.Who(j.world, o, o.Client) + " now says of itself: " + told.String() + ". Was it updated or replaced on purpose?"}
	switch o.Fact {
	case firedoor.FactFirmware:
		f.Techniques = []string{"T0857"}
	case firedoor.FactModule:
		f.Techniques = []string{"T0839"}
	}
	raise(&f)
}

func quote(s string) string {
	if s == "" {
		return "nothing"
	}
	return strings.TrimSpace(s)
}
