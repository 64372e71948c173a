package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/session"
)

const (
	demoSession = "demo"
	// settle is how long the demo lets the joining bursts work.
	settle = 1500 * time.Millisecond
	// readEvery is how often each clock is compared with the truth meanwhile.
	readEvery = 10 * time.Millisecond
)

// demo lets n devices join, runs m commands, and compares with the truth.
func (r *rig) demo(n, m int, random *rand.Rand) (*demoResult, error) {
	result := &demoResult{Commands: []demoCommand{}}
	var devices []*simDevice
	for i := range n {
		d, err := r.add(demoSession, lab.NewClock(time.Now(), random))
		if err != nil {
			return nil, fmt.Errorf("device %d: %w", i+1, err)
		}
		devices = append(devices, d)
		result.JoinMs = append(result.JoinMs, d.joinMs)
	}
	if !pause(r.ctx, settle) {
		return nil, r.ctx.Err()
	}
	stop := r.watch(devices)
	for range m {
		c, err := r.command(devices)
		if err != nil {
			stop()
			return nil, err
		}
		result.Commands = append(result.Commands, c)
	}
	if m == 0 {
		pause(r.ctx, settle)
	}
	stop()
	for _, d := range devices {
		result.add(r.finish(d))
	}
	return result, r.ctx.Err()
}

// command runs one command and returns when the devices truly acted.
func (r *rig) command(devices []*simDevice) (demoCommand, error) {
	ctx, cancel := context.WithTimeout(r.ctx, 10*time.Second)
	defer cancel()
	cmd, err := r.service.sessions.Schedule(ctx, demoSession, session.ScheduleRequest{Name: "flash"})
	if err != nil {
		return demoCommand{}, err
	}
	var c demoCommand
	least, most := time.Duration(math.MaxInt64), time.Duration(math.MinInt64)
	for _, d := range devices {
		a, err := d.next(ctx, cmd.CommandID)
		if err != nil {
			return demoCommand{}, err
		}
		miss := r.service.clock.At(a.at).Sub(cmd.Timestamp)
		least, most = min(least, miss), max(most, miss)
		c.missesUs = append(c.missesUs, us(miss.Abs()))
		c.MaxErrUs = max(c.MaxErrUs, us(miss.Abs()))
	}
	c.SpreadUs = us(most - least)
	return c, nil
}

// next waits for the device's act on a command.
func (d *simDevice) next(ctx context.Context, id string) (act, error) {
	for {
		select {
		case a := <-d.acts:
			if a.id == id {
				return a, nil
			}
		case <-ctx.Done():
			return act{}, errors.New("a device did not act on a command")
		}
	}
}

// watch compares every clock with the truth until the function it returns is
// called.
func (r *rig) watch(devices []*simDevice) (stop func()) {
	ctx, cancel := context.WithCancel(r.ctx)
	var wg sync.WaitGroup
	for _, d := range devices {
		wg.Go(func() {
			for pause(ctx, readEvery) {
				d.read(r)
			}
		})
	}
	return func() { cancel(); wg.Wait() }
}

// read compares the clock with the truth once.
func (d *simDevice) read(r *rig) {
	err, bound := d.reading()
	d.result.Readings++
	d.result.errsUs = append(d.result.errsUs, us(err.Abs()))
	d.result.WorstErrUs = max(d.result.WorstErrUs, us(err.Abs()))
	if err.Abs() > bound {
		d.result.OutsideBound++
	}
	if err.Abs() > d.Clock().Hard() {
		d.outsideHard++
	}
}

// finish reads a device's clock for the last time.
func (r *rig) finish(d *simDevice) *simDevice {
	err, bound := d.reading()
	res := &d.result
	res.ID, res.OffsetErrUs, res.BoundUs = d.Seat().DeviceID, us(err), us(bound)
	res.WorstErrUs = max(res.WorstErrUs, math.Abs(res.OffsetErrUs))
	if q, ok := r.service.devices.Quality(res.ID); ok {
		res.OffsetMs = ms(q.Estimate.Offset)
		res.SkewErrPpm = (q.Estimate.Skew - d.clock.Skew) * 1e6
	}
	return d
}

func (r *demoResult) add(d *simDevice) {
	r.Devices = append(r.Devices, d.result)
	r.readings += d.result.Readings
	r.outside += d.result.OutsideBound
	r.outsideHard += d.outsideHard
}

// broken says which bound was broken: the hard one by any reading, the 99 %
// one by more than one reading in a hundred.
func (r *demoResult) broken() error {
	switch {
	case r.outsideHard > 0:
		return fmt.Errorf("%d of %d readings were outside the hard bound", r.outsideHard, r.readings)
	case r.outside*100 > r.readings:
		return fmt.Errorf("%d of %d readings were outside the 99 %% bound", r.outside, r.readings)
	}
	return nil
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
