package motivetest

// run takes x through the points at which faults strike.
func (x *exchange) run(parts []part) {
	defer x.f.faults.settle(parts)
	for _, p := range parts {
		if p.delay == nil {
			continue
		}
		d := p.delay()
		if d <= 0 {
			continue
		}
		x.f.faults.note(p)
		if !x.wait(d) {
			x.reset()
			return
		}
	}
	if p, ok := x.first(parts, func(f Fault) bool { return f.cut != nil }); ok {
		p.cut(x)
		return
	}
	a := x.answer(parts)
	x.render(&a)
	if p, ok := x.first(parts, func(f Fault) bool { return f.deliver != nil }); ok {
		p.deliver(x, a)
		return
	}
	x.send(a)
}

// answer handles the request, unless a fault answers it.
func (x *exchange) answer(parts []part) answer {
	if p, ok := x.first(parts, func(f Fault) bool { return f.gate != nil }); ok {
		return p.gate(x)
	}
	for _, p := range parts {
		if p.alter != nil {
			p.alter(x)
		}
	}
	a := x.f.handle(x)
	for _, p := range parts {
		if p.alter != nil && a.problems == nil || p.rewrite != nil && p.rewrite(x, &a) {
			x.f.faults.note(p)
		}
	}
	return a
}

// first returns the fault that wins, which is about to act.
func (x *exchange) first(parts []part, can func(Fault) bool) (part, bool) {
	for _, p := range parts {
		if can(p.Fault) {
			x.f.faults.note(p)
			return p, true
		}
	}
	return part{}, false
}
