package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// state is never changed once it is made.
type state struct {
	revision int64
	compact  int64
	// base is the revision of the first of stores; they go on to the newest.
	base   int64
	stores []map[string]kv
	// trace tells all that happened; equal traces are equal states.
	trace string
	hash  uint64
}

func first(from *start) *state {
	begin := &state{revision: 1, compact: -1, base: 1}
	content := map[string]kv{}
	if from != nil {
		begin.revision, begin.compact, begin.base = from.Revision, from.CompactRevision, from.Revision
		for _, one := range from.Kvs {
			content[one.Key] = one
		}
	}
	begin.stores = []map[string]kv{content}
	return begin
}

func (s *state) with(revision, compact int64, stores []map[string]kv, what string) *state {
	hash := fnv.New64a()
	trace := s.trace + "|" + what
	hash.Write([]byte(trace))
	return &state{revision, compact, s.base, stores, trace, hash.Sum64()}
}

func (s *state) newest() map[string]kv { return s.stores[len(s.stores)-1] }

// writing is a store under change.
type writing struct {
	content  map[string]kv
	revision int64
	changes  []string
}

func covers(key, from, end string) bool {
	switch end {
	case "":
		return key == from
	case "\x00":
		return key >= from
	default:
		return key >= from && key < end
	}
}

func selectKeys(content map[string]kv, from, end string) []kv {
	var found []kv
	for key, one := range content {
		if covers(key, from, end) {
			found = append(found, one)
		}
	}
	slices.SortFunc(found, func(a, b kv) int { return strings.Compare(a.Key, b.Key) })
	return found
}

// run gives the answer, or why there is none, and the store afterwards.
func (s *state) run(r *request) (*answer, string, *state) {
	switch r.Kind {
	case "compact":
		if r.Revision > s.revision {
			return nil, "future", s
		}
		if r.Revision <= s.compact {
			return nil, "compacted", s
		}
		return &answer{kind: "compact"}, "", s.with(s.revision, r.Revision, s.stores, fmt.Sprint("compact ", r.Revision))
	case "range":
		if r.Revision > s.revision {
			return nil, "future", s
		}
		if r.Revision > 0 && r.Revision < s.compact {
			return nil, "compacted", s
		}
		if r.Revision > 0 {
			return read(s.stores[r.Revision-s.base], r), "", s
		}
		return read(s.newest(), r), "", s
	}
	w := &writing{content: maps.Clone(s.newest()), revision: s.revision + 1}
	plan := s.decide(r)
	if !s.possible(plan) {
		return nil, "key-not-found", s
	}
	said := w.do(plan)
	if len(w.changes) == 0 {
		return said, "", s
	}
	stores := append(slices.Clone(s.stores), w.content)
	return said, "", s.with(w.revision, s.compact, stores, strings.Join(w.changes, ","))
}

// plan is a request whose branches are chosen.
type plan struct {
	request   *request
	succeeded bool
	steps     []*plan
}

func (s *state) decide(r *request) *plan {
	chosen := &plan{request: r}
	if r.Kind != "txn" {
		return chosen
	}
	chosen.succeeded = true
	for i := range r.Compares {
		chosen.succeeded = chosen.succeeded && s.satisfies(&r.Compares[i])
	}
	branch := r.Failure
	if chosen.succeeded {
		branch = r.Success
	}
	for i := range branch {
		chosen.steps = append(chosen.steps, s.decide(&branch[i]))
	}
	return chosen
}

func (s *state) possible(p *plan) bool {
	if p.request.Kind == "put" && (p.request.IgnoreValue || p.request.IgnoreLease) {
		_, there := s.newest()[p.request.Key]
		return there
	}
	for _, inner := range p.steps {
		if !s.possible(inner) {
			return false
		}
	}
	return true
}

func (s *state) satisfies(c *compare) bool {
	found := selectKeys(s.newest(), c.Key, c.RangeEnd)
	if len(found) == 0 {
		return c.Target != "value" && ordered(0, number(c.Value), c.Result)
	}
	for _, one := range found {
		var holds bool
		switch c.Target {
		case "value":
			holds = ordered(int64(strings.Compare(one.Value, c.Value.(string))), 0, c.Result)
		case "version":
			holds = ordered(one.Version, number(c.Value), c.Result)
		case "create":
			holds = ordered(one.CreateRevision, number(c.Value), c.Result)
		case "mod":
			holds = ordered(one.ModRevision, number(c.Value), c.Result)
		case "lease":
			holds = ordered(number(one.Lease), number(c.Value), c.Result)
		}
		if !holds {
			return false
		}
	}
	return true
}

func number(of interface{}) int64 {
	if text, isText := of.(string); isText {
		parsed, _ := strconv.ParseInt(text, 10, 64)
		return parsed
	}
	return int64(of.(float64))
}

func ordered(stored, given int64, relation string) bool {
	switch relation {
	case "=":
		return stored == given
	case "!=":
		return stored != given
	case ">":
		return stored > given
	default:
		return stored < given
	}
}

// optional is a field that may be absent, null, or there.
type optional[T any] struct {
	recorded bool
	value    *T
}

func (o *optional[T]) UnmarshalJSON(raw []byte) error {
	o.recorded = true
	return json.Unmarshal(raw, &o.value)
}
