package main

import (
	"strconv"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// What is compared, as JSON. `render.ts` writes the same bytes; both sides exchange digests of them, and the text itself
// once digests differ.

// digest is two lanes of 32 bits, each fed with every byte.
type digest struct{ a, b uint32 }

func newDigest() digest { return digest{0x811c9dc5, 0x9e3779b9} }

func (d *digest) write(text []byte) {
	a, b := d.a, d.b
	for _, c := range text {
		a = (a ^ uint32(c)) * 0x01000193
		b = (b^uint32(c))*0x85ebca6b + 1
		b = b<<13 | b>>19
	}
	d.a, d.b = a, b
}

// text is JSON in the making.
type text []byte

func (t *text) str(s string) { *t = append(*t, s...) }
func (t *text) num(n uint64) { *t = strconv.AppendUint(*t, n, 10) }
func (t *text) bool(b bool)  { *t = strconv.AppendBool(*t, b) }

func (t *text) nums(numbers ...uint64) {
	for i, n := range numbers {
		if i > 0 {
			t.str(",")
		}
		t.num(n)
	}
}

// list writes ids in brackets.
func (t *text) list(ids []uint64) {
	t.str("[")
	t.nums(ids...)
	t.str("]")
}

// bytes writes the length of data and a hash of it.
func (t *text) bytes(data []byte) {
	hash := uint32(0x811c9dc5)
	for _, c := range data {
		hash = (hash ^ uint32(c)) * 0x01000193
	}
	t.nums(uint64(len(data)), uint64(hash))
}

func (t *text) conf(state *pb.ConfState) {
	t.str("[")
	t.list(state.GetVoters())
	t.str(",")
	t.list(state.GetVotersOutgoing())
	t.str(",")
	t.list(state.GetLearners())
	t.str(",")
	t.list(state.GetLearnersNext())
	t.str(",")
	t.bool(state.GetAutoLeave())
	t.str("]")
}

func (t *text) entries(entries []*pb.Entry) {
	t.str("[")
	for i, e := range entries {
		if i > 0 {
			t.str(",")
		}
		t.str("[")
		t.nums(e.GetTerm(), e.GetIndex(), uint64(e.GetType()))
		t.str(",")
		t.bytes(e.GetData())
		t.str("]")
	}
	t.str("]")
}

func (t *text) snapshot(s *pb.Snapshot) {
	if s == nil || s.GetMetadata().GetIndex() == 0 {
		t.str("null")
		return
	}
	t.str("[")
	t.nums(s.GetMetadata().GetIndex(), s.GetMetadata().GetTerm())
	t.str(",")
	t.conf(s.GetMetadata().GetConfState())
	t.str("]")
}

func (t *text) message(m *pb.Message) {
	t.str(`["`)
	t.str(m.GetType().String())
	t.str(`",`)
	t.nums(m.GetFrom(), m.GetTo(), m.GetTerm(), m.GetLogTerm(), m.GetIndex(), m.GetCommit())
	t.str(",")
	t.bool(m.GetReject())
	t.str(",")
	t.nums(m.GetRejectHint(), m.GetVote())
	t.str(",")
	t.bytes(m.GetContext())
	t.str(",")
	t.entries(m.GetEntries())
	t.str(",")
	t.snapshot(m.GetSnapshot())
	t.str("]")
}

func (t *text) messages(messages []*pb.Message) {
	t.str("[")
	for i, m := range messages {
		if i > 0 {
			t.str(",")
		}
		t.message(m)
	}
	t.str("]")
}

// ready writes a batch of effects; local messages carry what `token` and `after` say.
func (t *text) ready(rd raft.Ready, self uint64) {
	t.str(`{"soft":`)
	if rd.SoftState == nil {
		t.str("null")
	} else {
		t.str("[")
		t.num(rd.SoftState.Lead)
		t.str(`,"`)
		t.str(rd.SoftState.RaftState.String())
		t.str(`"]`)
	}
	t.str(`,"hard":`)
	if raft.IsEmptyHardState(rd.HardState) {
		t.str("null")
	} else {
		t.list([]uint64{rd.HardState.GetTerm(), rd.HardState.GetVote(), rd.HardState.GetCommit()})
	}
	t.str(`,"entries":`)
	t.entries(rd.Entries)
	t.str(`,"snapshot":`)
	t.snapshot(rd.Snapshot)
	t.str(`,"committed":`)
	t.entries(rd.CommittedEntries)
	t.str(`,"reads":[`)
	for i, read := range rd.ReadStates {
		if i > 0 {
			t.str(",")
		}
		t.str("[")
		t.num(read.Index)
		t.str(",")
		t.bytes(read.RequestCtx)
		t.str("]")
	}
	t.str(`],"sync":`)
	t.bool(rd.MustSync)
	var sent, after []*pb.Message
	appends := false
	for _, m := range rd.Messages {
		switch m.GetType() {
		case pb.MsgStorageAppend:
			appends = true
			after = othersOf(m.GetResponses(), self)
		case pb.MsgStorageApply:
		default:
			sent = append(sent, m)
		}
	}
	t.str(`,"token":`)
	t.bool(appends)
	t.str(`,"messages":`)
	t.messages(sent)
	t.str(`,"after":`)
	t.messages(after)
	t.str("}")
}

func othersOf(messages []*pb.Message, self uint64) []*pb.Message {
	var others []*pb.Message
	for _, m := range messages {
		if m.GetTo() != self {
			others = append(others, m)
		}
	}
	return others
}

// state writes everything a member knows.
func (t *text) state(n *node) {
	in := n.in
	status := n.rn.BasicStatus()
	t.str(`{"id":`)
	t.num(n.id)
	t.str(`,"role":"`)
	t.str(status.RaftState.String())
	t.str(`","term":`)
	t.num(status.HardState.GetTerm())
	t.str(`,"vote":`)
	t.num(status.HardState.GetVote())
	t.str(`,"lead":`)
	t.num(status.Lead)
	t.str(`,"commit":`)
	t.num(status.HardState.GetCommit())
	t.str(`,"applied":`)
	t.num(status.Applied)
	t.str(`,"transferee":`)
	t.num(status.LeadTransferee)
	t.str(`,"timeout":`)
	t.num(uint64(*in.timeout))
	t.str(`,"ready":`)
	t.bool(n.hasReady())
	t.str(`,"conf":`)
	t.conf(in.tracker.ConfState())
	t.str(`,"progress":[`)
	if status.RaftState == raft.StateLeader {
		t.progress(n)
	}
	first, last := logFirstIndex(in.log), logLastIndex(in.log)
	t.str(`],"first":`)
	t.num(first)
	t.str(`,"terms":[`)
	for index := first - 1; index <= last; index++ {
		if index >= first {
			t.str(",")
		}
		term, err := logTerm(in.log, index)
		if err != nil {
			panic(err)
		}
		t.num(term)
	}
	t.str("]}")
}

func (t *text) progress(n *node) {
	for i, id := range n.memberIDs() {
		pr := n.in.tracker.Progress[id]
		if i > 0 {
			t.str(",")
		}
		t.str("[")
		t.nums(id, pr.Match, pr.Next)
		t.str(`,"`)
		t.str(pr.State.String())
		t.str(`",`)
		t.bool(pr.RecentActive)
		t.str(",")
		t.num(pr.PendingSnapshot)
		t.str(",")
		t.bool(pr.IsLearner)
		t.str(",")
		t.bool(pr.IsPaused())
		t.str(",")
		t.num(uint64(pr.Inflights.Count()))
		t.str("]")
	}
}

// disk writes what a member would find after a crash.
func (t *text) disk(n *node) {
	t.str(`{"hard":`)
	t.list([]uint64{n.disk.term, n.disk.vote, n.disk.commit})
	t.str(`,"snapshot":`)
	t.snapshot(n.disk.snapshot)
	t.str(`,"entries":`)
	t.entries(n.disk.entries)
	t.str("}")
}
