package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"firedoor/internal/health"
	"firedoor/internal/store"
)

// measure wires what the rooms count to metrics and conditions.
func (s *service) measure() {
	h := s.health
	h.Add(s.disk.Emit)
	h.Condition("disk", s.disk.Check)
	if s.logFile != nil {
		h.Add(s.logFile.Emit)
		h.Condition("log", s.logFile.Check)
	}
	h.Add(s.measureUplink)
	if s.watch != nil {
		h.Add(s.measureSensor)
		h.Add(s.measureRecords)
		h.Add(s.measureJournal)
		h.Condition("journal", func() error { return failing(s.journal.Stats().Problem) })
		h.Condition("sensor", s.sensorReady)
		h.Condition("snapshots", func() error {
			_, saved := s.watch.Stats()
			return failing(saved.Failing)
		})
		h.Condition("uplink", func() error {
			out, _ := s.watch.Stats()
			return failing(out.Failing)
		})
	}
	if s.console != nil {
		h.Add(s.measureConsole)
		h.Condition("store", func() error { return failing(s.console.Problem()) })
	}
}

// failing is a problem as an error, nil if there is none.
func failing(problem string) error {
	if problem == "" {
		return nil
	}
	return errors.New(problem)
}

func (s *service) sensorReady() error {
	for _, src := range s.watch.State().Sources {
		if src.Problem != "" {
			return fmt.Errorf("%s: %s", src.Name, src.Problem)
		}
	}
	return nil
}

func (s *service) measureSensor(emit health.Emit) {
	st := s.watch.State()
	for _, stage := range []string{"no-baseline", "learning", "watching", "paused"} {
		on := 0.0
		if string(st.Stage) == stage {
			on = 1
		}
		emit("firedoor_baseline_stage", health.Gauge, "1 for the stage that the baseline is in.", on, "stage", stage)
	}
	emit("firedoor_learned_frames_total", health.Counter, "Frames that were learned from.", float64(st.LearnedFrames))
	emit("firedoor_assets", health.Gauge, "Devices that are known.", float64(st.Assets))
	emit("firedoor_conversations", health.Gauge, "Conversations that are known.", float64(st.Conversations))
	emit("firedoor_statements", health.Gauge, "Distinct operations.", float64(st.Statements), "learned", "all")
	emit("firedoor_statements", health.Gauge, "Distinct operations.", float64(st.Learned), "learned", "yes")
	emit("firedoor_alerts", health.Gauge, "Alerts of the sensor.", float64(st.Alerts))
	emit("firedoor_restarts_total", health.Counter, "Times the sensor went on from its stored state.", float64(st.Restarts))
	for _, src := range st.Sources {
		label := []string{"source", src.Name}
		up := 0.0
		if src.State == "running" {
			up = 1
		}
		emit("firedoor_source_up", health.Gauge, "1 while a source of frames delivers.", up, label...)
		emit("firedoor_frames_total", health.Counter, "Frames read.", float64(src.Frames), label...)
		emit("firedoor_frame_bytes_total", health.Counter, "Bytes on the wire of frames read.", float64(src.Bytes), label...)
		emit("firedoor_frames_dropped_total", health.Counter, "Frames that the kernel dropped: nobody saw them.", float64(src.Dropped), label...)
		emit("firedoor_frames_doubled_total", health.Counter, "Frames that a mirror showed twice.", float64(src.Duplicates), label...)
		emit("firedoor_stream_gaps_total", health.Counter, "Holes in TCP streams.", float64(src.Gaps), label...)
		emit("firedoor_one_way_total", health.Counter, "TCP connections of which one direction was never seen.", float64(src.OneWay), label...)
		if at, err := time.Parse(time.RFC3339Nano, src.LastFrame); err == nil {
			emit("firedoor_last_frame_timestamp_seconds", health.Gauge, "When the last frame came, in traffic time.", float64(at.UnixNano())/1e9, label...)
		}
	}
	hits := map[string]uint64{}
	for _, l := range st.Limits {
		hits[l.Name] = l.Times
	}
	for _, l := range s.watch.Limits() {
		health.Limit(emit, l.Name, float64(l.Times), float64(hits[l.Name]))
	}
}

func (s *service) measureRecords(emit health.Emit) {
	out, saved := s.watch.Stats()
	emit("firedoor_records_waiting", health.Gauge, "Records that the uplink did not take yet.", float64(out.Waiting))
	emit("firedoor_records_sent_total", health.Counter, "Records that the uplink acknowledged.", float64(out.Sent))
	health.Limit(emit, "records waiting", float64(out.Limit), float64(out.Refused))
	emit("firedoor_snapshots_total", health.Counter, "Times the learned state was stored.", float64(saved.Taken))
	emit("firedoor_snapshot_seconds", health.Gauge, "How long storing the state took last.", saved.Took.Seconds())
	if !saved.Last.IsZero() {
		emit("firedoor_snapshot_age_seconds", health.Gauge, "How long ago the state was stored last.", time.Since(saved.Last).Seconds())
	}
}

func (s *service) measureJournal(emit health.Emit) {
	j := s.journal.Stats()
	emit("firedoor_journal_entries_total", health.Counter, "Entries of the journal.", float64(j.Entries))
	emit("firedoor_journal_lost_total", health.Counter, "Entries that could not be written.", float64(j.Lost))
	emit("firedoor_journal_lost_bytes_total", health.Counter, "Bytes of them.", float64(j.LostBytes))
	emit("firedoor_journal_bytes", health.Gauge, "Bytes of the journal on the disk.", float64(j.Bytes))
	emit("firedoor_journal_deleted_early_total", health.Counter, "Segments deleted because the disk was full.", float64(j.Early))
	health.Limit(emit, "journal bytes", float64(s.cfg.Data.Journal.MaxSize), float64(j.Deleted))
}

func (s *service) measureUplink(emit health.Emit) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	u := s.up.Stats(ctx)
	emit("firedoor_uplink_messages_total", health.Counter, "Messages that the stream acknowledged.", float64(u.Published))
	emit("firedoor_uplink_bytes_total", health.Counter, "Bytes of them, compressed.", float64(u.Bytes))
	emit("firedoor_uplink_failures_total", health.Counter, "Times that records could not be handed over.", float64(u.Failures))
	emit("firedoor_uplink_lag", health.Gauge, "Messages that the console has not folded in yet.", float64(u.Lag))
	emit("firedoor_uplink_left_out_total", health.Counter, "Records that no message can hold.", float64(u.LeftOut))
	emit("firedoor_uplink_undecodable_total", health.Counter, "Messages that nobody could read.", float64(u.Undecodable))
	emit("firedoor_uplink_lost_total", health.Counter, "Messages that were gone before the console saw them.", float64(u.Lost))
	emit("firedoor_uplink_stored_bytes", health.Gauge, "Bytes in the stream.", float64(u.Kept))
	health.Limit(emit, "uplink bytes", float64(u.MaxBytes), float64(u.Discarded))
}

func (s *service) measureConsole(emit health.Emit) {
	c := s.console.Stats()
	emit("firedoor_store_records_total", health.Counter, "Records folded into the store.", float64(c.Store.Records))
	emit("firedoor_store_refused_total", health.Counter, "Records that made no sense or found no room.", float64(c.Store.Refused))
	emit("firedoor_store_broken_rounds_total", health.Counter, "Rounds of a sensor that could not be trusted: nothing was swept.", float64(c.Store.BrokenRounds))
	emit("firedoor_console_streams", health.Gauge, "Live streams that are open.", float64(c.API.StreamsOpen))
	health.Limit(emit, "live streams", float64(c.API.StreamsLimit), float64(c.API.StreamsRefused))
	health.Limit(emit, "sessions", float64(c.API.SessionsLimit), float64(c.API.SessionsEvicted))
	health.Limit(emit, "one-time links", float64(c.API.LinksLimit), float64(c.API.LinksEvicted))
	health.Limit(emit, "stored alerts", store.MaxAlerts, float64(c.Store.RetiredAlerts))
	health.Limit(emit, "stored assets", store.MaxAssets, float64(c.Store.RetiredAssets))
	health.Limit(emit, "stored process values", store.MaxPoints, float64(c.Store.PointsNoRoom))
	health.Limit(emit, "stored conversations", store.MaxConversations, float64(c.Store.RetiredConversations))
	emit("firedoor_store_bytes", health.Gauge, "Bytes of the store on the disk.", float64(c.Store.Bytes))
	emit("firedoor_store_failures_total", health.Counter, "Times that the store could not be written.", float64(c.Store.Failures))
	emit("firedoor_console_listeners", health.Gauge, "Pages that listen to live events.", float64(c.Broker.Listeners))
	emit("firedoor_console_events_missed_total", health.Counter, "Live events that a slow page got no room for.", float64(c.Broker.Missed))
}

// uplinkPorts are the ports of a NATS address.
func uplinkPorts(address string) []uint16 {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	_, text, err := net.SplitHostPort(u.Host)
	if err != nil {
		text = "4222"
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil
	}
	return []uint16{uint16(port)}
}

// problems are the conditions that are not fulfilled, in sentences.
func (s *service) problems() (out []string) {
	for _, c := range s.health.States() {
		if !c.OK {
			out = append(out, c.Name+": "+c.Problem)
		}
	}
	return out
}
