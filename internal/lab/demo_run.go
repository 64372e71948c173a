package lab

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/session"
)

const (
	demoSession = "demo"
	// settle is how long the demo lets the joining bursts work.
	settle = 1500 * time.Millisecond
	// readEvery is how often each clock is compared with the truth meanwhile.
	readEvery = 10 * time.Millisecond
)

// Demo lets n devices join, runs m commands, and compares with the truth.
func (r *Rig) Demo(n, m int, random *rand.Rand) (*DemoResult, error) {
	result := &DemoResult{Commands: []CommandResult{}}
	var devices []*Device
	for i := range n {
		d, err := r.Add(demoSession, NewClock(time.Now(), random))
		if err != nil {
			return nil, fmt.Errorf("device %d: %w", i+1, err)
		}
		devices = append(devices, d)
		result.JoinMs = append(result.JoinMs, d.JoinMs)
	}
	if !Pause(r.ctx, settle) {
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
		Pause(r.ctx, settle)
	}
	stop()
	for _, d := range devices {
		result.add(r.finish(d))
	}
	return result, r.ctx.Err()
}

// command runs one command and returns when the devices truly acted.
func (r *Rig) command(devices []*Device) (CommandResult, error) {
	ctx, cancel := context.WithTimeout(r.ctx, 10*time.Second)
	defer cancel()
	cmd, err := r.Server.Sessions().Schedule(ctx, demoSession, session.ScheduleRequest{Name: "flash"})
	if err != nil {
		return CommandResult{}, err
	}
	var c CommandResult
	least, most := time.Duration(math.MaxInt64), time.Duration(math.MinInt64)
	for _, d := range devices {
		a, err := d.next(ctx, cmd.CommandID)
		if err != nil {
			return CommandResult{}, err
		}
		miss := r.Server.Clock().At(a.At).Sub(cmd.Timestamp)
		least, most = min(least, miss), max(most, miss)
		c.MissesUs = append(c.MissesUs, us(miss.Abs()))
		c.MaxErrUs = max(c.MaxErrUs, us(miss.Abs()))
	}
	c.SpreadUs = us(most - least)
	return c, nil
}

// next waits for the device's act on a command.
func (d *Device) next(ctx context.Context, id string) (Act, error) {
	for {
		select {
		case a := <-d.Acts:
			if a.CommandID == id {
				return a, nil
			}
		case <-ctx.Done():
			return Act{}, errors.New("a device did not act on a command")
		}
	}
}

// watch compares every clock with the truth until the function it returns is
// called.
func (r *Rig) watch(devices []*Device) (stop func()) {
	ctx, cancel := context.WithCancel(r.ctx)
	var wg sync.WaitGroup
	for _, d := range devices {
		wg.Go(func() {
			for Pause(ctx, readEvery) {
				d.read(r)
			}
		})
	}
	return func() { cancel(); wg.Wait() }
}

// read compares the clock with the truth once.
func (d *Device) read(r *Rig) {
	err, bound := d.reading()
	d.Result.Readings++
	d.Result.ErrsUs = append(d.Result.ErrsUs, us(err.Abs()))
	d.Result.WorstErrUs = max(d.Result.WorstErrUs, us(err.Abs()))
	if err.Abs() > bound {
		d.Result.OutsideBound++
	}
	if err.Abs() > d.Clock().Hard() {
		d.outsideHard++
	}
}

// finish reads a device's clock for the last time.
func (r *Rig) finish(d *Device) *Device {
	err, bound := d.reading()
	res := &d.Result
	res.ID, res.OffsetErrUs, res.BoundUs = d.Seat().DeviceID, us(err), us(bound)
	res.WorstErrUs = max(res.WorstErrUs, math.Abs(res.OffsetErrUs))
	if q, ok := r.Server.Device(res.ID); ok {
		res.OffsetMs = ms(q.Estimate.Offset)
		res.SkewErrPpm = (q.Estimate.Skew - d.clock.Skew) * 1e6
	}
	return d
}

func (r *DemoResult) add(d *Device) {
	r.Devices = append(r.Devices, d.Result)
	r.Readings += d.Result.Readings
	r.Outside += d.Result.OutsideBound
	r.OutsideHard += d.outsideHard
}

// broken says which bound was broken: the hard one by any reading, the 99 %
// one by more than one reading in a hundred.
func (r *DemoResult) broken() error {
	switch {
	case r.OutsideHard > 0:
		return fmt.Errorf("%d of %d readings were outside the hard bound", r.OutsideHard, r.Readings)
	case r.Outside*100 > r.Readings:
		return fmt.Errorf("%d of %d readings were outside the 99 %% bound", r.Outside, r.Readings)
	}
	return nil
}

// Pause waits; false when ctx ended first.
func Pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
