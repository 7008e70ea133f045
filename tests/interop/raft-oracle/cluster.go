package main

import (
	"encoding/binary"
	"io"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// Numbers of the commands, as in `commands.ts`.
const (
	opTick = iota
	opCampaign
	opPropose
	opChange
	opRead
	opTransfer
	opUnreachable
	opSnapStatus
	opForget
	opReady
	opAppend
	opApply
	opDeliver
	opCompact
	opCrash
	opSnapshots
	opInject
	opDisk
	opStrange
)

// config is what a schedule begins with; its fields come in this order.
type config struct {
	members, voters, learners, electionTicks, heartbeatTicks, flags, sizePerMessage, inflightMessages,
	inflightBytes, uncommitted, committedPerReady, void, wide, seed uint64
}

func readConfig(f []uint64) config {
	return config{f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11], f[12], f[13]}
}

const configFields = 14

// cluster is the members of one schedule, with the messages between them.
type cluster struct {
	config  config
	nodes   []*node
	network []*pb.Message
	// proposed counts proposals, to make each different.
	proposed uint64
	met      [rulesCount]uint64
}

// id is the identity of the member with this number; 0 is nobody.
func (c *cluster) id(number uint64) uint64 {
	if c.config.wide != 0 {
		return number * 0x9e3779b97f4a7c15
	}
	return number
}

func newCluster(f []uint64) *cluster {
	c := &cluster{config: readConfig(f)}
	conf := &pb.ConfState{AutoLeave: new(bool)}
	for i := uint64(1); i <= c.config.voters; i++ {
		conf.Voters = append(conf.Voters, c.id(i))
	}
	for i := c.config.voters + 1; i <= c.config.voters+c.config.learners; i++ {
		conf.Learners = append(conf.Learners, c.id(i))
	}
	for i := uint64(1); i <= c.config.members; i++ {
		n := &node{id: c.id(i), c: c, snapshots: true}
		n.disk.snapshot = newSnapshot(0, 0, &pb.ConfState{AutoLeave: new(bool)})
		if i <= c.config.voters+c.config.learners {
			n.disk = disk{term: 1, commit: 1, snapshot: newSnapshot(1, 1, conf)}
		}
		n.start(0, nil)
		c.nodes = append(c.nodes, n)
	}
	return c
}

// ── Chance ──────────────────────────────────────────────────────────────────────────────────────────────────────────

// timeouts replaces the source of chance of crypto/rand, of which the library draws its election timeouts and nothing
// else: one for each time that a member begins a term or a role anew. So both sides wait equally long, and a draw that only
// one of them makes is seen at the next.
type timeouts struct{ node *node }

var random = &timeouts{}

var _ io.Reader = random

// Read gives the next draw in the last byte, from which the library takes a number below `electionTicks` at once.
func (t *timeouts) Read(p []byte) (int, error) {
	n := t.node
	clear(p)
	p[len(p)-1] = byte(drawn(uint32(n.c.config.seed), uint32(n.id), n.draws) % uint32(n.c.config.electionTicks))
	n.draws++
	return len(p), nil
}

func drawn(seed, id, count uint32) uint32 {
	x := seed + id*0x9e3779b1 + count*0x85ebca77
	x = (x ^ x>>16) * 0x7feb352d
	x = (x ^ x>>15) * 0x846ca68b
	return x ^ x>>16
}

// ── Commands ────────────────────────────────────────────────────────────────────────────────────────────────────────

// run executes one command and writes what came of it. A panic of the library stops the member.
func (c *cluster) run(op []uint64, out *text) {
	var m *pb.Message
	var n *node
	if op[0] == opDeliver {
		if m = c.take(op[1], op[2]); m == nil {
			out.str("null")
			return
		}
		n = c.byID(m.GetTo())
	} else {
		n = c.nodes[op[1]-1]
	}
	out.str(`{"out":`)
	if n.stopped && op[0] != opCrash {
		// Its core is no more; its disk stays.
		out.disk(n)
		out.str("}")
		return
	}
	mark := len(*out)
	if !n.try(func() { n.execute(op, m, out); out.str(`,"state":`); out.state(n) }) {
		*out = (*out)[:mark]
		out.str(`"stopped"`)
	}
	out.str("}")
}

// lastPanic is why a member stopped, for people.
var lastPanic any

func (n *node) try(f func()) (ok bool) {
	defer func() {
		if reason := recover(); reason != nil {
			lastPanic = reason
			n.stopped = true
			ok = false
		}
	}()
	f()
	return true
}

// take chooses a message of the network: fate 0 removes it, 1 leaves it there to come again, 2 loses it.
func (c *cluster) take(at, fate uint64) *pb.Message {
	if len(c.network) == 0 {
		return nil
	}
	i := at % uint64(len(c.network))
	m := c.network[i]
	if fate == 1 {
		return cloneMessage(m)
	}
	c.network = append(c.network[:i], c.network[i+1:]...)
	if fate == 2 {
		return nil
	}
	return m
}

func (c *cluster) byID(id uint64) *node {
	for _, n := range c.nodes {
		if n.id == id {
			return n
		}
	}
	panic("a message to nobody")
}

func cloneMessage(m *pb.Message) *pb.Message {
	return &pb.Message{
		Type: m.Type, To: m.To, From: m.From, Term: m.Term, LogTerm: m.LogTerm, Index: m.Index, Commit: m.Commit,
		Entries: append([]*pb.Entry(nil), m.Entries...), Snapshot: m.Snapshot, Reject: m.Reject, RejectHint: m.RejectHint,
		Context: m.Context, Vote: m.Vote,
	}
}

func (n *node) execute(op []uint64, m *pb.Message, out *text) {
	c := n.c
	switch op[0] {
	case opTick:
		n.tick()
	case opCampaign:
		_ = n.input(n.rn.Campaign)
	case opPropose:
		out.bool(n.propose(c.proposals(op[2], op[3])))
		return
	case opChange:
		out.bool(n.propose([]*pb.Entry{changeEntry(c.change(op[2:]))}))
		return
	case opRead:
		c.proposed++
		_ = n.step(&pb.Message{Type: pb.MsgReadIndex.Enum(), Entries: []*pb.Entry{{Data: binary.BigEndian.AppendUint32(nil, uint32(c.proposed))}}})
	case opTransfer:
		_ = n.input(func() error { n.rn.TransferLeader(c.id(op[2])); return nil })
	case opUnreachable:
		_ = n.input(func() error { n.rn.ReportUnreachable(c.id(op[2])); return nil })
	case opSnapStatus:
		status := raft.SnapshotFailure
		if op[3] != 0 {
			status = raft.SnapshotFinish
		}
		_ = n.input(func() error { n.rn.ReportSnapshot(c.id(op[2]), status); return nil })
	case opForget:
		_ = n.input(n.rn.ForgetLeader)
	case opReady:
		if n.hasReady() {
			out.ready(n.ready(), n.id)
			return
		}
	case opAppend:
		if len(n.appends) > 0 {
			sent := n.finishAppend()
			c.network = append(c.network, sent...)
			out.num(uint64(len(sent)))
			return
		}
	case opApply:
		if len(n.applies) > 0 {
			n.finishApply()
			out.num(n.applied)
			return
		}
	case opDeliver:
		_ = n.step(m)
	case opCompact:
		n.compact(op[2])
	case opCrash:
		n.crash(op[2], op[3], op[4] != 0, op[5], op[6] != 0)
		out.disk(n)
		return
	case opSnapshots:
		n.snapshots = op[2] != 0
	case opInject:
		_ = n.step(&pb.Message{Type: pb.MsgProp.Enum(), From: new(c.id(op[2])), To: &n.id, Entries: c.injected(op[3:])})
	case opStrange:
		n.strange(c.nodes[op[2]-1], op[3])
	case opDisk:
		out.disk(n)
		return
	default:
		panic("unknown command")
	}
	out.str("null")
}

// strange gives the member a snapshot of the others, as if it had been removed; no leader would send it.
func (n *node) strange(from *node, ahead uint64) {
	if from == n || from.stopped || !from.leads() {
		return
	}
	term := from.rn.BasicStatus().HardState.GetTerm()
	index := n.rn.BasicStatus().HardState.GetCommit() + 1 + ahead
	conf := &pb.ConfState{}
	for _, other := range n.c.nodes {
		if other != n {
			conf.Voters = append(conf.Voters, other.id)
		}
	}
	_ = n.step(&pb.Message{
		Type: pb.MsgSnap.Enum(), From: &from.id, To: &n.id, Term: &term,
		Snapshot: &pb.Snapshot{Metadata: &pb.SnapshotMetadata{ConfState: conf, Index: &index, Term: &term}},
	})
}

// ── Proposals ───────────────────────────────────────────────────────────────────────────────────────────────────────

func (n *node) propose(entries []*pb.Entry) bool {
	return n.step(&pb.Message{Type: pb.MsgProp.Enum(), From: &n.id, Entries: entries}) == nil
}

func newEntry(kind pb.EntryType, data []byte) *pb.Entry {
	entry := &pb.Entry{Type: kind.Enum()}
	if len(data) > 0 {
		entry.Data = data
	}
	return entry
}

func (c *cluster) proposals(count, size uint64) []*pb.Entry {
	entries := make([]*pb.Entry, count)
	for i := range entries {
		c.proposed++
		data := make([]byte, size)
		for at := range data {
			data[at] = byte(c.proposed + uint64(at))
		}
		entries[i] = newEntry(pb.EntryNormal, data)
	}
	return entries
}

// change reads: 1 for the first form or 2, transition, then kind and member of each change.
func (c *cluster) change(f []uint64) pb.ConfChangeI {
	form, transition, f := f[0], f[1], f[2:]
	if form == 1 {
		return &pb.ConfChange{Id: new(uint64(1)), Type: new(pb.ConfChangeType(f[0])), NodeId: new(c.id(f[1]))}
	}
	change := &pb.ConfChangeV2{Transition: new(pb.ConfChangeTransition(transition))}
	for ; len(f) > 1; f = f[2:] {
		change.Changes = append(change.Changes, &pb.ConfChangeSingle{Type: new(pb.ConfChangeType(f[0])), NodeId: new(c.id(f[1]))})
	}
	return change
}

func changeEntry(change pb.ConfChangeI) *pb.Entry {
	kind, data, err := pb.MarshalConfChange(change)
	must(err)
	return newEntry(kind, data)
}

// injected makes the entries of a proposal that another member sent: bytes, changes, and what no member would write.
func (c *cluster) injected(kinds []uint64) []*pb.Entry {
	entries := make([]*pb.Entry, len(kinds))
	for i, kind := range kinds {
		switch kind {
		case 0:
			entries[i] = c.proposals(1, 5)[0]
		case 1:
			entries[i] = newEntry(pb.EntryConfChange, []byte{0xff})
		case 2:
			entries[i] = newEntry(pb.EntryConfChangeV2, []byte{0xff})
		case 3:
			entries[i] = newEntry(pb.EntryConfChangeV2, nil)
		case 4:
			entries[i] = changeEntry(c.change([]uint64{1, 0, 7, 1}))
		default:
			entries[i] = changeEntry(c.change([]uint64{1, 0, (kind - 5) & 3, (kind - 5) >> 2}))
		}
	}
	return entries
}
