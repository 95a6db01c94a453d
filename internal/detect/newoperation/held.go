package newoperation

import (
	"slices"

	"firedoor"
	"firedoor/internal/detect"
)

// question is an operation without an object that waits until its frame is over:
// if the frame broke the rules of its protocol, the object is missing because
// nobody could read it, and malformed says all there is to say.
type question struct {
	on          bool
	observation detect.Observation
	operation   firedoor.Operation
	frames      []firedoor.FrameRef
}

// ask judges an operation now if it names an object, else when its frame is over.
func (j *judge) ask(o *detect.Observation, raise func(*detect.Finding)) {
	if o.Text != "" {
		j.judge(o, nil, raise)
		return
	}
	if frame := deciding(o); frame == j.broken && frame.Frame > 0 {
		return
	}
	h := &j.held
	h.on, h.observation, h.operation = true, *o, *o.Operation
	h.frames = append(h.frames[:0], o.Frames...)
	h.operation.Object, h.operation.Values, h.operation.Texts, h.operation.Refusals = firedoor.Object{}, firedoor.Values{}, nil, nil // borrowed
	h.observation.Operation, h.observation.Frames = &h.operation, h.frames
}

// answer decides on what is held: a malformed message of the same frame takes
// it away, whatever else comes lets it stand.
func (j *judge) answer(o *detect.Observation, raise func(*detect.Finding)) {
	h := &j.held
	same := h.on && deciding(o) == deciding(&h.observation)
	if o.Kind == detect.Malformed {
		j.broken = deciding(o)
		h.on = h.on && !same
	}
	if h.on && (!same || o.Kind == detect.NewOperation) {
		j.release(raise)
	}
}

func (j *judge) release(raise func(*detect.Finding)) {
	h := &j.held
	if !h.on {
		return
	}
	h.on = false
	o := &h.observation
	frames := slices.Clone(o.Frames)
	slices.Reverse(frames) // the one that decided first
	j.judge(o, &detect.Evidence{Time: o.Time, Frames: frames, Client: o.Client, Server: o.Server, Protocol: o.Protocol}, raise)
}

// Clock implements detect.Clocker: the frame of what is held is over.
func (j *judge) Clock(_ int64, raise func(*detect.Finding)) { j.release(raise) }

// Close implements detect.Closer.
func (j *judge) Close(raise func(*detect.Finding)) { j.release(raise) }

// deciding is the frame that decided, zero without one.
func deciding(o *detect.Observation) firedoor.FrameRef {
	if len(o.Frames) == 0 {
		return firedoor.FrameRef{}
	}
	return o.Frames[len(o.Frames)-1]
}
