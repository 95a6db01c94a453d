package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"time"
)

// bulkBytes is what is written at a time.
const bulkBytes = 128 << 10

// throughputs prints how much a TCP connection carries on each path, of which each has
// as many turns as with round trips.
func throughputs(o *options, paths []*path) error {
	rates := make([][]float64, len(paths))
	for range o.rounds {
		for i, p := range paths {
			if p.name == deepPath { // a connection that it judges carries requests
				continue
			}
			r, err := p.bulk(o.turn())
			if err != nil {
				return fmt.Errorf("%s, a bulk transfer: %w", p.name, err)
			}
			rates[i] = append(rates[i], r)
		}
	}
	fmt.Printf("\nOne TCP connection, segments as on a wire; median of %d turns of %g s.\n%-11s %12s %17s %10s\n", o.rounds, o.seconds, "path", "Mbit/s", "turns", "of bridge")
	base := median(rates[0])
	for i, p := range paths {
		if m := median(rates[i]); m > 0 {
			fmt.Printf("%-11s %12.0f %17s %8.1f %%\n", p.name, m, fmt.Sprintf("%.0f..%.0f", slices.Min(rates[i]), slices.Max(rates[i])), 100*m/base)
		}
	}
	return nil
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return list[len(list)/2]
}

// bulk sends as much as goes for a while and gives what arrived, in Mbit/s.
func (p *path) bulk(length time.Duration) (rate float64, err error) {
	var l net.Listener
	var out net.Conn
	where := net.JoinHostPort(p.bed.Server.IP4.String(), strconv.Itoa(flowPort))
	if err := p.bed.Server.Do(func() (err error) { l, err = net.Listen("tcp", where); return err }); err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	if err := p.bed.Client.Do(func() (err error) { out, err = net.DialTimeout("tcp", where, 5*time.Second); return err }); err != nil {
		return 0, err
	}
	in, err := l.Accept()
	if err != nil {
		return 0, errors.Join(err, out.Close())
	}
	sent := make(chan error, 1)
	go func() {
		b := make([]byte, bulkBytes)
		err := out.SetDeadline(time.Now().Add(length))
		for err == nil {
			_, err = out.Write(b)
		}
		sent <- out.Close()
	}()
	began := time.Now()
	err = in.SetReadDeadline(began.Add(length))
	n := int64(0)
	if err == nil {
		n, _ = io.Copy(io.Discard, in) // ends by its deadline
	}
	took := time.Since(began)
	err = errors.Join(err, in.Close())
	return float64(n) * 8 / 1e6 / took.Seconds(), errors.Join(err, <-sent)
}
