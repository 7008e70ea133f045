package main

import (
	"fmt"
	"slices"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// disk is what survives a crash.
type disk struct {
	term, vote, commit uint64
	snapshot           *pb.Snapshot
	entries            []*pb.Entry
}

func (d *disk) snapshotIndex() uint64 { return d.snapshot.GetMetadata().GetIndex() }

func (d *disk) lastIndex() uint64 { return d.snapshotIndex() + uint64(len(d.entries)) }

// node is one member with its disk and state machine; each effect happens when a command says so. `node.ts` is its twin.
type node struct {
	id   uint64
	c    *cluster
	disk disk
	rn   *raft.RawNode
	in   inside
	// store is what the library reads: the disk, and the entries behind a snapshot that were kept for slow members.
	store *raft.MemoryStorage
	// appends and applies are batches on their way, oldest first.
	appends, applies []*pb.Message
	// applied is where the state machine is, conf the configuration there.
	applied uint64
	conf    *pb.ConfState
	// confAhead: an entry was applied after a snapshot had replaced it, so conf does not belong to applied.
	confAhead bool
	// snapshots tells whether a snapshot can be had now.
	snapshots bool
	// draws counts the election timeouts drawn.
	draws uint32
	// readsDue: a round of heartbeats for the reads of this turn is due (rule of shared rounds).
	readsDue bool
	// stopped: the library panicked; only a restart helps.
	stopped bool
}

// Snapshot is what the library asks for when a member lags too far.
func (n *node) Snapshot() (*pb.Snapshot, error) {
	snapshot := n.makeSnapshot()
	if snapshot == nil || !n.snapshots {
		return nil, raft.ErrSnapshotTemporarilyUnavailable
	}
	return snapshot, nil
}

type storage struct {
	*raft.MemoryStorage
	node *node
}

func (s storage) Snapshot() (*pb.Snapshot, error) { return s.node.Snapshot() }

func newSnapshot(index, term uint64, conf *pb.ConfState) *pb.Snapshot {
	return &pb.Snapshot{Metadata: &pb.SnapshotMetadata{Index: &index, Term: &term, ConfState: conf}}
}

func (n *node) makeSnapshot() *pb.Snapshot {
	if n.applied == 0 {
		return nil
	}
	term, err := logTerm(n.in.log, n.applied)
	if err != nil {
		return nil
	}
	return newSnapshot(n.applied, term, n.conf)
}

// start makes the core from the disk. With `applied` the state machine has kept what it had applied, too.
func (n *node) start(applied uint64, conf *pb.ConfState) {
	snapshot := n.disk.snapshot
	n.applied, n.conf, n.confAhead = snapshot.GetMetadata().GetIndex(), snapshot.GetMetadata().GetConfState(), false
	if applied > n.applied {
		n.applied, n.conf = applied, conf
	}
	n.appends, n.applies, n.readsDue = nil, nil, false
	found, durable := recoverState(n.c, n.disk, n.applied)
	n.store = raft.NewMemoryStorage()
	if err := n.store.ApplySnapshot(newSnapshot(n.disk.snapshotIndex(), snapshot.GetMetadata().GetTerm(), n.conf)); err != nil {
		panic(err)
	}
	_ = n.store.SetHardState(found)
	if err := n.store.Append(n.disk.entries); err != nil {
		panic(err)
	}
	c := n.c.config
	random.node = n
	rn, err := raft.NewRawNode(&raft.Config{
		ID: n.id, ElectionTick: int(c.electionTicks), HeartbeatTick: int(c.heartbeatTicks),
		Storage: storage{n.store, n}, Applied: n.applied, AsyncStorageWrites: true,
		MaxSizePerMsg: c.sizePerMessage, MaxCommittedSizePerReady: c.committedPerReady,
		MaxUncommittedEntriesSize: c.uncommitted, MaxInflightMsgs: int(c.inflightMessages), MaxInflightBytes: c.inflightBytes,
		PreVote: c.flags&1 != 0, CheckQuorum: c.flags&2 != 0, StepDownOnRemoval: c.flags&4 != 0,
		DisableProposalForwarding: c.flags&8 != 0,
		Logger:                    quiet{},
	})
	if err != nil {
		panic(err)
	}
	n.rn = rn
	n.in = lookInside(rn)
	*n.in.prevHard = durable
	n.stopped = false
}

func (n *node) role() raft.StateType { return n.rn.BasicStatus().RaftState }

func (n *node) leads() bool { return n.role() == raft.StateLeader }

func (n *node) memberIDs() []uint64 {
	ids := make([]uint64, 0, len(n.in.tracker.Progress))
	for id := range n.in.tracker.Progress {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (n *node) hasReady() bool { return n.readsDue || n.rn.HasReady() }

// ready takes one batch of effects.
func (n *node) ready() raft.Ready {
	if n.readsDue {
		n.readsDue = false
		raftBroadcastHeartbeat(n.in.raft)
	}
	rd := n.rn.Ready()
	for _, m := range rd.Messages {
		switch m.GetType() {
		case pb.MsgStorageAppend:
			n.appends = append(n.appends, m)
		case pb.MsgStorageApply:
			n.applies = append(n.applies, m)
		default:
			n.c.network = append(n.c.network, m)
		}
	}
	return rd
}

// write puts a batch on the disk, or the first entries of it without the hard state behind them (a torn write).
func (n *node) write(m *pb.Message, entries []*pb.Entry, torn bool) {
	if s := m.GetSnapshot(); s != nil {
		n.disk.snapshot, n.disk.entries = s, nil
		n.applied, n.conf, n.confAhead = s.GetMetadata().GetIndex(), s.GetMetadata().GetConfState(), false
	}
	if len(entries) > 0 {
		keep := entries[0].GetIndex() - n.disk.snapshotIndex() - 1
		if keep > uint64(len(n.disk.entries)) {
			panic("the disk log has a hole")
		}
		n.disk.entries = append(slices.Clone(n.disk.entries[:keep]), entries...)
	}
	if !torn && m.Commit != nil {
		n.disk.term, n.disk.vote, n.disk.commit = m.GetTerm(), m.GetVote(), m.GetCommit()
	}
}

// finishAppend makes the oldest batch durable and returns what waited for that.
func (n *node) finishAppend() []*pb.Message {
	m := n.appends[0]
	n.appends = n.appends[1:]
	n.write(m, m.GetEntries(), false)
	var dropped []*pb.Message
	if m.GetSnapshot() != nil {
		dropped, n.applies = n.applies, nil
		if err := n.store.ApplySnapshot(m.GetSnapshot()); err != nil {
			panic(err)
		}
	}
	if err := n.store.Append(m.GetEntries()); err != nil {
		panic(err)
	}
	for _, response := range m.GetResponses() {
		if response.GetTo() == n.id {
			n.step(response)
		}
	}
	// The snapshot stands for what was being applied.
	for _, apply := range dropped {
		n.step(apply.GetResponses()[0])
	}
	return othersOf(m.GetResponses(), n.id)
}

// finishApply applies the oldest batch.
func (n *node) finishApply() {
	m := n.applies[0]
	n.applies = n.applies[1:]
	for _, entry := range m.GetEntries() {
		if entry.GetIndex() != n.applied+1 {
			panic("an entry was skipped or applied twice")
		}
		if logFirstIndex(n.in.log) > entry.GetIndex() {
			n.confAhead = true
		}
		n.applyEntry(entry)
		n.applied = entry.GetIndex()
	}
	n.step(m.GetResponses()[0])
}

func (n *node) applyEntry(entry *pb.Entry) {
	switch entry.GetType() {
	case pb.EntryConfChange:
		change := &pb.ConfChange{}
		must(proto.Unmarshal(entry.GetData(), change))
		if change.GetNodeId() == n.c.id(n.c.config.void) {
			change.NodeId = new(uint64) // How etcd's server passes over a change that it finds void.
		}
		n.conf = n.applyConfChange(change.AsV2())
	case pb.EntryConfChangeV2:
		change := &pb.ConfChangeV2{}
		must(proto.Unmarshal(entry.GetData(), change))
		n.conf = n.applyConfChange(change)
	}
}

// compact makes a snapshot durable and drops the log up to `keep` entries before it.
func (n *node) compact(keep uint64) {
	snapshot := n.makeSnapshot()
	if snapshot == nil || n.applied < keep || n.applied-keep <= n.disk.snapshotIndex() {
		return
	}
	index := n.applied - keep
	for _, m := range n.appends {
		if m.GetSnapshot() != nil {
			return
		}
	}
	if n.rn.BasicStatus().Applied < n.applied {
		return
	}
	n.disk.entries = slices.Clone(n.disk.entries[n.applied-n.disk.snapshotIndex():])
	n.disk.snapshot = snapshot
	if first, _ := n.store.FirstIndex(); index >= first {
		must(n.store.Compact(index))
	}
}

// crash loses what is not durable: of the pending batches `full` were written and `torn` - 1 entries of the next; then
// `lost` entries go that were durable, and with `keepCommit` the hard state remembers them. With `keepApplied` the state
// machine survives.
func (n *node) crash(full, torn uint64, keepApplied bool, lost uint64, keepCommit bool) {
	for i, m := range n.appends {
		if uint64(i) < full {
			n.write(m, m.GetEntries(), false)
		} else {
			if torn > 0 {
				n.write(m, m.GetEntries()[:min(torn-1, uint64(len(m.GetEntries())))], true)
			}
			break
		}
	}
	if lost > 0 {
		n.disk.entries = n.disk.entries[:uint64(len(n.disk.entries))-min(lost, uint64(len(n.disk.entries)))]
		if !keepCommit {
			n.disk.commit = min(n.disk.commit, n.disk.lastIndex())
		}
	}
	if keepApplied && !n.confAhead {
		n.start(n.applied, n.conf)
	} else {
		n.start(0, nil)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// quiet is a logger that only heeds what ends the process.
type quiet struct{}

func (quiet) Debug(...any)              {}
func (quiet) Debugf(string, ...any)     {}
func (quiet) Error(...any)              {}
func (quiet) Errorf(string, ...any)     {}
func (quiet) Info(...any)               {}
func (quiet) Infof(string, ...any)      {}
func (quiet) Warning(...any)            {}
func (quiet) Warningf(string, ...any)   {}
func (quiet) Fatal(v ...any)            { panic(fmt.Sprint(v...)) }
func (quiet) Fatalf(f string, v ...any) { panic(fmt.Sprintf(f, v...)) }
func (quiet) Panic(v ...any)            { panic(fmt.Sprint(v...)) }
func (quiet) Panicf(f string, v ...any) { panic(fmt.Sprintf(f, v...)) }
