package main

import (
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/confchange"
	pb "go.etcd.io/raft/v3/raftpb"
	"go.etcd.io/raft/v3/tracker"
	"google.golang.org/protobuf/proto"
)

// The intended differences between Quorate's core and the library, each matched exactly: where one of them applies, the
// program makes the library do what Quorate does, and everything is compared as everywhere else. No field is left out.
// The rules are counted, so that a run shows that it met them; docs/divergence.md tells why they are there.
const (
	// At load the term is raised to that of the last entry, and commit to what was applied and to the last but one
	// change of members. The library takes both as the hard state has them.
	ruleRecover = iota
	// The reads that come before the next batch leaves share one round of heartbeats. The library sends one for each.
	ruleSharedRound
	// A member that votes alone answers reads without asking anybody, but not before it committed something in its term.
	// The library answers them earlier, asks its learners after, and never answers those it asked them for.
	ruleAloneReads
	// A leader that was removed asks the one voter that it left behind before it answers a read. The library takes that
	// voter for the leader itself, and answers at once, although another leader may have been elected meanwhile.
	ruleRemovedReads
	// A change of members that cannot be decoded or applied becomes an empty entry. The library panics.
	ruleImpossibleChange
	// A change applied while a snapshot waits to be installed has no effect: the snapshot holds it. The library applies it
	// to the snapshot's configuration.
	ruleChangeInSnapshot
	// The empty entry of a new leader counts the two bytes of its type in limits of size, as all entries do. The
	// library leaves them out.
	ruleEmptyEntry
	// A heartbeat that tells of a commit past the log is not followed: the leader learns where the log ends, and feeds the
	// member again from there. The library panics.
	ruleCommitPastLog
	// An acknowledgement past the log, which only lost disks bring about, is ignored. The library believes it, and sends
	// a snapshot or panics.
	ruleAckPastLog
	// A refused probe from the last entry that the member has acknowledged, which is an old message or comes of a lost disk,
	// is ignored. The library probes from there again at once: with a lost disk that is refused again, and so on.
	ruleRefusedMatch
	rulesCount
)

// ── Start ───────────────────────────────────────────────────────────────────────────────────────────────────────────

// recoverState is ruleRecover: it returns the hard state to start with, and the one that counts as durable.
func recoverState(c *cluster, d disk, applied uint64) (found, durable *pb.HardState) {
	commit := max(d.commit, d.snapshotIndex())
	durable = &pb.HardState{Term: &d.term, Vote: &d.vote, Commit: new(commit)}
	commit = max(commit, applied)
	var lastTerm, newest uint64
	for _, entry := range d.entries {
		lastTerm = entry.GetTerm()
		if entry.GetIndex() > max(durable.GetCommit(), applied) && entry.GetType() != pb.EntryNormal {
			commit, newest = max(commit, newest), entry.GetIndex()
		}
	}
	found = &pb.HardState{Term: &d.term, Vote: &d.vote, Commit: &commit}
	if lastTerm > d.term {
		found.Term, found.Vote = &lastTerm, new(uint64)
	}
	if lastTerm > d.term || commit > durable.GetCommit() {
		c.met[ruleRecover]++
	}
	return found, durable
}

// ── Every input ─────────────────────────────────────────────────────────────────────────────────────────────────────

// input gives the library one input and then applies the rules that concern what came of it.
func (n *node) input(give func() error) error {
	random.node = n
	in := n.in
	mark, draws, asked := len(*in.msgs), n.draws, in.newestRead()
	sent := make(map[uint64]uint64)
	if n.leads() {
		for id, pr := range in.tracker.Progress {
			sent[id] = *sentCommit(pr)
		}
	}
	err := give()
	if n.draws != draws {
		// Another term, or another role: the reads of before are forgotten.
		n.readsDue, asked = false, 0
	}
	if last := len(*in.unstable) - 1; last >= 0 && (*in.unstable)[last].Type == nil {
		(*in.unstable)[last].Type = pb.EntryNormal.Enum()
		n.c.met[ruleEmptyEntry]++
	}
	if newest := in.newestRead(); newest > asked {
		n.putOffHeartbeats(mark, sent)
		if n.votesAlone() {
			n.answerAlone(mark)
			// Nobody was asked, so these reads have no numbers.
			*at[uint64](in.reads(), offConfirmed) -= newest - asked
			(*at[map[uint64]uint64](in.reads(), offAcks))[n.id] = asked
		} else {
			n.readsDue = true
			n.c.met[ruleSharedRound]++
		}
	}
	return err
}

// putOffHeartbeats takes back the heartbeats for reads that were sent since `mark`, and what the library then noted to
// have told the members by them, unless an append told them the same.
func (n *node) putOffHeartbeats(mark int, sent map[uint64]uint64) {
	told := make(map[uint64]bool)
	kept := (*n.in.msgs)[:mark]
	for _, m := range (*n.in.msgs)[mark:] {
		if m.GetType() == pb.MsgHeartbeat {
			told[m.GetTo()] = false
			continue
		}
		told[m.GetTo()] = true
		kept = append(kept, m)
	}
	*n.in.msgs = kept
	for id, again := range told {
		if pr := n.in.tracker.Progress[id]; pr != nil && !again {
			*sentCommit(pr) = sent[id]
		}
	}
}

// answerAlone answers all reads that wait; the answers leave before what was sent since `mark`.
func (n *node) answerAlone(mark int) {
	later := append([]*pb.Message(nil), (*n.in.msgs)[mark:]...)
	*n.in.msgs = (*n.in.msgs)[:mark]
	for _, read := range readsAdvance(n.in.reads(), n.in.tracker.Voters) {
		n.answer(read.req, read.index)
	}
	*n.in.msgs = append(*n.in.msgs, later...)
	n.c.met[ruleAloneReads]++
}

func (n *node) answer(request *pb.Message, index uint64) {
	if response := raftAnswerRead(n.in.raft, request, index); response.GetTo() != raft.None {
		raftSend(n.in.raft, response)
	}
}

// votesAlone tells whether this member is the only voter.
func (n *node) votesAlone() bool {
	_, votes := n.in.tracker.Voters[0][n.id]
	return votes && n.in.tracker.IsSingleton()
}

// askLeftVoter is ruleRemovedReads: as one half of a joint configuration the voter is no exception for the library.
func (n *node) askLeftVoter(read *pb.Message) error {
	voters := &n.in.tracker.Voters
	outgoing := voters[1]
	voters[1] = voters[0]
	err := n.input(func() error { return n.rn.Step(read) })
	voters[1] = outgoing
	n.c.met[ruleRemovedReads]++
	return err
}

// tick passes one tick; a round of heartbeats that is due anyway serves the reads of the turn.
func (n *node) tick() {
	_ = n.input(func() error { n.rn.Tick(); return nil })
	if n.leads() && *n.in.heartbeat == 0 {
		n.readsDue = false
	}
}

// step takes a message, from the network or from the member's own storage.
func (n *node) step(m *pb.Message) error {
	switch m.GetType() {
	case pb.MsgProp:
		if n.leads() {
			n.replaceImpossible(m)
		}
	case pb.MsgReadIndex:
		if n.leads() && n.votesAlone() && !raftCommittedInTerm(n.in.raft) {
			*n.in.postponed = append(*n.in.postponed, m)
			n.c.met[ruleAloneReads]++
			return nil
		}
		if n.leads() && n.in.tracker.IsSingleton() && !n.votesAlone() {
			return n.askLeftVoter(m)
		}
	case pb.MsgHeartbeat:
		if m.GetCommit() > logLastIndex(n.in.log) && m.GetTerm() >= n.rn.BasicStatus().HardState.GetTerm() {
			return n.refuseCommit(m)
		}
	case pb.MsgAppResp:
		if m.GetReject() && m.GetCommit() > m.GetRejectHint() && n.knowsSender(m) {
			return n.feedAgain(m)
		}
		if m.GetReject() && n.knowsSender(m) {
			if pr := n.in.tracker.Progress[m.GetFrom()]; pr.State != tracker.StateReplicate && pr.Match == m.GetIndex() && pr.Next == pr.Match+1 {
				pr.RecentActive = true
				n.c.met[ruleRefusedMatch]++
				return nil
			}
		}
		if !m.GetReject() && m.GetIndex() > logLastIndex(n.in.log) && n.knowsSender(m) {
			n.in.tracker.Progress[m.GetFrom()].RecentActive = true
			n.c.met[ruleAckPastLog]++
			return nil
		}
	}
	return n.input(func() error { return n.rn.Step(m) })
}

// ── Changes of members ──────────────────────────────────────────────────────────────────────────────────────────────

// replaceImpossible is ruleImpossibleChange, for the proposals that a leader takes.
func (n *node) replaceImpossible(m *pb.Message) {
	for i, entry := range m.GetEntries() {
		if !n.isPossible(entry) {
			m.Entries[i] = &pb.Entry{Type: pb.EntryNormal.Enum()}
			n.c.met[ruleImpossibleChange]++
		}
	}
}

func (n *node) isPossible(entry *pb.Entry) bool {
	var change pb.ConfChangeI
	switch entry.GetType() {
	case pb.EntryConfChange:
		v1 := &pb.ConfChange{}
		if proto.Unmarshal(entry.GetData(), v1) != nil {
			return false
		}
		change = v1
	case pb.EntryConfChangeV2:
		v2 := &pb.ConfChangeV2{}
		if proto.Unmarshal(entry.GetData(), v2) != nil {
			return false
		}
		change = v2
	default:
		return true
	}
	changer := confchange.Changer{Tracker: *n.in.tracker, LastIndex: logLastIndex(n.in.log)}
	v2 := change.AsV2()
	var err error
	if v2.LeaveJoint() {
		_, _, err = changer.LeaveJoint()
	} else if autoLeave, ok := v2.EnterJoint(); ok {
		_, _, err = changer.EnterJoint(autoLeave, v2.Changes...)
	} else {
		_, _, err = changer.Simple(v2.Changes...)
	}
	return err == nil
}

// applyConfChange puts a change in force.
func (n *node) applyConfChange(change *pb.ConfChangeV2) *pb.ConfState {
	in := n.in
	if logHasSnapshot(in.log) {
		n.c.met[ruleChangeInSnapshot]++
		return in.tracker.ConfState()
	}
	var state *pb.ConfState
	_ = n.input(func() error { state = n.rn.ApplyConfChange(change); return nil })
	if !n.leads() {
		return state
	}
	if n.votesAlone() && in.waitingReads() > 0 {
		n.answerAlone(len(*in.msgs))
	}
	return state
}

// ── Lost entries ────────────────────────────────────────────────────────────────────────────────────────────────────

func (n *node) knowsSender(m *pb.Message) bool {
	return n.leads() && m.GetTerm() == n.rn.BasicStatus().HardState.GetTerm() && n.in.tracker.Progress[m.GetFrom()] != nil
}

// refuseCommit is ruleCommitPastLog at the member: the library takes the heartbeat without its commit index, and what it
// answers is exchanged.
func (n *node) refuseCommit(m *pb.Message) error {
	if n.leads() && m.GetTerm() == n.rn.BasicStatus().HardState.GetTerm() {
		return n.input(func() error { return n.rn.Step(m) })
	}
	n.c.met[ruleCommitPastLog]++
	heartbeat := cloneMessage(m)
	heartbeat.Commit = new(uint64)
	if err := n.input(func() error { return n.rn.Step(heartbeat) }); err != nil {
		return err
	}
	messages := *n.in.msgs
	*n.in.msgs = messages[:len(messages)-1]
	last := logLastIndex(n.in.log)
	term, _ := logTerm(n.in.log, last)
	raftSend(n.in.raft, &pb.Message{
		To: m.From, Type: pb.MsgAppResp.Enum(), Index: m.Commit, Reject: new(true),
		RejectHint: &last, LogTerm: &term, Commit: m.Commit,
	})
	return nil
}

// feedAgain is ruleCommitPastLog at the leader.
func (n *node) feedAgain(m *pb.Message) error {
	n.c.met[ruleCommitPastLog]++
	hint := m.GetRejectHint()
	if m.GetLogTerm() > 0 {
		hint, _ = logConflictByTerm(n.in.log, hint, m.GetLogTerm())
	}
	trk := n.in.tracker
	pr := trk.Progress[m.GetFrom()]
	pr.RecentActive, pr.MsgAppFlowPaused, pr.PendingSnapshot = true, false, 0
	pr.State = tracker.StateProbe
	pr.Match, pr.Next = 0, min(hint, logLastIndex(n.in.log))+1
	pr.Inflights = tracker.NewInflights(trk.MaxInflight, trk.MaxInflightBytes)
	pr.SentCommit(0)
	raftSendAppend(n.in.raft, m.GetFrom(), true)
	return nil
}
