package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"firedoor/internal/doors"
	"firedoor/internal/policy"
	"firedoor/internal/store"

	"github.com/danielgtaylor/huma/v2"
)

// maxPassages is how many passages between two assets are told.
const maxPassages = 200

const trialPath = "/api/policy/whatif"

// maxTrial is the largest body of a what-if: a policy as JSON.
const maxTrial = 2*doors.MaxTried + 64<<10

// trialTimeout is for a what-if from its first byte to its last.
const trialTimeout = 55 * time.Second

type policyAnswer struct {
	Wall     string          `json:"wall_time"`
	Gateways []doors.Gateway `json:"gateways" doc:"None: this console follows no gateway"`
}

type stopsInput struct {
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor  string `query:"cursor" maxLength:"200" doc:"next of the page before"`
	Gateway string `query:"gateway" maxLength:"300" doc:"Name"`
	Conduit string `query:"conduit" maxLength:"300" doc:"Name"`
	Rule    string `query:"rule" maxLength:"600" doc:"Id"`
	Test    string `query:"test" enum:"all,test,stopped" default:"all" doc:"test: what passed and is only told; stopped: what was stopped"`
}

type doorInput struct {
	Client string `query:"client" required:"true" minLength:"1" maxLength:"100" doc:"Id of the asset that asks"`
	Server string `query:"server" required:"true" minLength:"1" maxLength:"100" doc:"Id of the asset that is asked"`
}

type doorAnswer struct {
	Gateways bool            `json:"gateways" doc:"A gateway told its policy; without one no door is known"`
	Doors    []doors.Passage `json:"doors" doc:"One for each protocol and port of theirs that a policy speaks of; at most 200"`
}

type trialInput struct {
	Body struct {
		Policy  string `json:"policy,omitempty" doc:"Text of the policy; at most 1 MiB"`
		Gateway string `json:"gateway,omitempty" maxLength:"300" doc:"Or the name of a gateway whose policy is tried"`
	}
}

func (a *API) registerPolicy(h huma.API) {
	tags := []string{"policy"}
	huma.Register(h, huma.Operation{OperationID: "policy", Method: http.MethodGet, Path: "/api/policy", Tags: tags,
		Summary:     "The gateways, the policies that are in force, and what they stopped",
		Description: "It can only be looked at: orders go to the gateway on its own machine, by firedoor isolate, release, reload and bypass."}, a.policies)
	huma.Register(h, huma.Operation{OperationID: "stops", Method: http.MethodGet, Path: "/api/policy/stops", Tags: tags,
		Summary: "What gateways stopped or would have stopped, newest first"}, a.listStops)
	huma.Register(h, huma.Operation{OperationID: "door", Method: http.MethodGet, Path: "/api/policy/door", Tags: tags,
		Summary: "Which doors stand where one asset asks another, and by which rule"}, a.door)
	huma.Register(h, huma.Operation{OperationID: "whatif", Method: http.MethodPost, Path: trialPath, Tags: tags, DefaultStatus: http.StatusOK, MaxBodyBytes: maxTrial,
		Summary:     "What a policy would have stopped of what the journal holds",
		Description: "Changes nothing. One policy is tried at a time, on the latest part of the journal and for 20 seconds at most; the answer says what was not looked at.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge}}, a.whatif)
}

func (a *API) policies(context.Context, *struct{}) (*answer[policyAnswer], error) {
	out := policyAnswer{Wall: stamp(time.Now()), Gateways: []doors.Gateway{}}
	if a.cfg.Doors != nil {
		out.Gateways = a.cfg.Doors.Gateways()
	}
	return &answer[policyAnswer]{out}, nil
}

func (a *API) listStops(_ context.Context, in *stopsInput) (*answer[*doors.Page], error) {
	if a.cfg.Doors == nil {
		return &answer[*doors.Page]{&doors.Page{Stops: []doors.Stop{}}}, nil
	}
	page, err := a.cfg.Doors.Stops(doors.Query{Limit: in.Limit, Cursor: in.Cursor, Gateway: in.Gateway, Conduit: in.Conduit, Rule: in.Rule, Test: in.Test})
	if err != nil {
		return nil, huma.Error400BadRequest("the cursor is none that was given out here: begin again without one")
	}
	return &answer[*doors.Page]{page}, nil
}

func (a *API) door(ctx context.Context, in *doorInput) (*answer[doorAnswer], error) {
	out := doorAnswer{Doors: []doors.Passage{}}
	if a.cfg.Doors == nil {
		return &answer[doorAnswer]{out}, nil
	}
	look := a.cfg.Doors.Look()
	if out.Gateways = look.Any(); !out.Gateways {
		return &answer[doorAnswer]{out}, nil
	}
	told := map[doors.Passage]bool{}
	err := a.store.Contacts(ctx, in.Client, in.Server, func(c *store.Contact) {
		if len(out.Doors) >= maxPassages {
			return
		}
		if p, ok := look.Passage(c); ok && !told[p] {
			told[p] = true
			out.Doors = append(out.Doors, p)
		}
	})
	if err != nil {
		return nil, a.fault("conversation", err)
	}
	return &answer[doorAnswer]{out}, nil
}

// putDoors says for each line of a map which door stands in it.
func (a *API) putDoors(ctx context.Context, m *store.Map) error {
	if a.cfg.Doors == nil {
		return nil
	}
	look := a.cfg.Doors.Look()
	if m.Doors = look.Any(); !m.Doors {
		return nil
	}
	seen := map[[2]string]doorBits{}
	err := a.store.Contacts(ctx, "", "", func(c *store.Contact) {
		if door, test, ok := look.Door(c); ok {
			seen[[2]string{c.ClientAsset, c.ServerAsset}] |= bitOf(door, test)
		}
	})
	if err != nil {
		return err
	}
	for i := range m.Edges {
		e := &m.Edges[i]
		e.Door, e.DoorTest = seen[[2]string{e.From, e.To}].door()
	}
	return nil
}

// doorBits are the doors of all protocols of a line.
type doorBits uint8

const (
	bitOpen doorBits = 1 << iota
	bitJudgedTest
	bitJudged
	bitShutTest
	bitShut
)

func bitOf(door policy.Door, test bool) doorBits {
	bit := map[policy.Door]doorBits{policy.DoorOpen: bitOpen, policy.DoorGuarded: bitJudged, policy.DoorShut: bitShut}[door]
	if test && bit != bitOpen {
		bit >>= 1
	}
	return bit
}

// door is what is drawn of a line: where one protocol is shut and another is not,
// something is judged. It is only a test where nothing is stopped.
func (b doorBits) door() (name string, test bool) {
	switch b {
	case 0:
		return "", false
	case bitOpen:
		return policy.DoorOpen.String(), false
	case bitShut, bitShut | bitShutTest, bitShutTest:
		return policy.DoorShut.String(), b == bitShutTest
	}
	return policy.DoorGuarded.String(), b&(bitJudged|bitShut) == 0
}

func (a *API) whatif(ctx context.Context, in *trialInput) (*answer[*doors.Trial], error) {
	if a.cfg.Doors == nil {
		return nil, huma.Error404NotFound("this console tries no policies")
	}
	text := in.Body.Policy
	if in.Body.Gateway != "" {
		var found bool
		if text, found = a.cfg.Doors.Text(in.Body.Gateway); !found {
			return nil, huma.Error404NotFound("no policy is known of a gateway of this name")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	trial, err := a.cfg.Doors.Try(ctx, []byte(text))
	switch {
	case errors.Is(err, doors.ErrBusy):
		return nil, huma.Error409Conflict("another policy is being tried: wait for it to end, and try again")
	case errors.Is(err, doors.ErrTooLarge):
		return nil, huma.NewError(http.StatusRequestEntityTooLarge, err.Error())
	case err != nil:
		return nil, a.fault("policy", err)
	}
	return &answer[*doors.Trial]{trial}, nil
}
