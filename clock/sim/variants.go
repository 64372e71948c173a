package sim

// Turned is p with its directions exchanged.
func (p Profile) Turned() Profile {
	queue := p.Queue
	p.Name += ", turned"
	p.Floor[0], p.Floor[1] = p.Floor[1], p.Floor[0]
	p.Queue = func() [2]Queue { q := queue(); return [2]Queue{q[1], q[0]} }
	return p
}

// Eased is p with a tenth of the queueing in one direction: 0 is that to the device.
func (p Profile) Eased(dir int) Profile {
	queue := p.Queue
	p.Name += [...]string{", eased there", ", eased back"}[dir]
	p.Queue = func() [2]Queue {
		q := queue()
		q[dir] = Scaled(0.1, q[dir])
		return q
	}
	return p
}

// Variants returns p and what it is with its directions exchanged, or with less queueing in
// one of them. Floors of the two stay as equal as they were: no exchange shows that they differ,
// so that rarely-faster, whose faster way belongs to the floor, is left as it is.
func (p Profile) Variants() []Profile {
	switch p.Name {
	case "rarely-faster":
		return []Profile{p}
	case "browser-5us", "browser-20us", "browser-100us", "browser-1ms", "wifi-powersave", "lte", "5g", "bufferbloat",
		"hops-one-way", "hops-unequal", "lognormal-unequal":
		return []Profile{p, p.Turned()}
	}
	return []Profile{p, p.Eased(0), p.Eased(1)}
}
