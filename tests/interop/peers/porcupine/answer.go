package main

import (
	"fmt"
	"slices"
)

// answer is what the model says to a request.
type answer struct {
	kind      string
	previous  *kv
	kvs       []kv
	count     int
	more      bool
	deleted   []kv
	succeeded bool
	answers   []*answer
}

func read(content map[string]kv, r *request) *answer {
	found := selectKeys(content, r.Key, r.RangeEnd)
	said := &answer{kind: "range", count: len(found)}
	if r.CountOnly {
		return said
	}
	if r.Limit > 0 && len(found) > r.Limit {
		found, said.more = found[:r.Limit], true
	}
	said.kvs = slices.Clone(found)
	if r.KeysOnly {
		for i := range said.kvs {
			said.kvs[i].Value = ""
		}
	}
	return said
}

func (w *writing) do(p *plan) *answer {
	r := p.request
	switch r.Kind {
	case "range":
		return read(w.content, r)
	case "put":
		return w.put(r)
	case "delete":
		return w.remove(selectKeys(w.content, r.Key, r.RangeEnd))
	case "revoke":
		var bound []kv
		for _, one := range w.content {
			if one.Lease == r.Lease {
				bound = append(bound, one)
			}
		}
		slices.SortFunc(bound, func(a, b kv) int { return int(a.ModRevision - b.ModRevision) })
		return w.remove(bound)
	}
	said := &answer{kind: "txn", succeeded: p.succeeded}
	for _, inner := range p.steps {
		said.answers = append(said.answers, w.do(inner))
	}
	return said
}

func (w *writing) put(r *request) *answer {
	said := &answer{kind: "put"}
	fresh := kv{r.Key, r.Value, w.revision, w.revision, 1, "0"}
	if r.Lease != "" {
		fresh.Lease = r.Lease
	}
	if old, there := w.content[r.Key]; there {
		said.previous = &old
		fresh.CreateRevision, fresh.Version = old.CreateRevision, old.Version+1
		if r.IgnoreValue {
			fresh.Value = old.Value
		}
		if r.IgnoreLease {
			fresh.Lease = old.Lease
		}
	}
	w.content[r.Key] = fresh
	w.changes = append(w.changes, fmt.Sprintf("%q=%q %v", r.Key, fresh.Value, fresh.Lease))
	return said
}

func (w *writing) remove(gone []kv) *answer {
	for _, one := range gone {
		delete(w.content, one.Key)
		w.changes = append(w.changes, fmt.Sprintf("%q gone", one.Key))
	}
	return &answer{kind: "delete", deleted: gone}
}

func (a *answer) agrees(seen *response, r *request) bool {
	if a.kind != seen.Kind {
		return false
	}
	switch a.kind {
	case "put":
		if !r.PrevKv || !seen.PrevKv.recorded {
			return true
		}
		if a.previous == nil || seen.PrevKv.value == nil {
			return a.previous == nil && seen.PrevKv.value == nil
		}
		return same(a.previous, seen.PrevKv.value, false)
	case "range":
		counted := seen.Count == nil || *seen.Count == a.count
		told := seen.More == nil || *seen.More == a.more
		return counted && told && sameAll(a.kvs, seen.Kvs, r.KeysOnly)
	case "delete":
		shown := !r.PrevKv || seen.PrevKvs == nil || sameAll(a.deleted, *seen.PrevKvs, false)
		return shown && len(a.deleted) == seen.Deleted
	case "txn":
		if a.succeeded != seen.Succeeded || len(a.answers) != len(seen.Responses) {
			return false
		}
		branch := r.Failure
		if a.succeeded {
			branch = r.Success
		}
		for i, inner := range a.answers {
			if !inner.agrees(&seen.Responses[i], &branch[i]) {
				return false
			}
		}
	}
	return true
}

func sameAll(stored []kv, seen []seenKv, withoutLease bool) bool {
	if len(stored) != len(seen) {
		return false
	}
	for i := range stored {
		if !same(&stored[i], &seen[i], withoutLease) {
			return false
		}
	}
	return true
}

func same(stored *kv, seen *seenKv, withoutLease bool) bool {
	return stored.Key == seen.Key &&
		(seen.Value == nil || *seen.Value == stored.Value) &&
		(seen.CreateRevision == nil || *seen.CreateRevision == stored.CreateRevision) &&
		(seen.ModRevision == nil || *seen.ModRevision == stored.ModRevision) &&
		(seen.Version == nil || *seen.Version == stored.Version) &&
		(seen.Lease == nil || withoutLease || *seen.Lease == stored.Lease)
}
