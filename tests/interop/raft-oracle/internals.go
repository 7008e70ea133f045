package main

import (
	"reflect"
	"unsafe"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/quorum"
	pb "go.etcd.io/raft/v3/raftpb"
	"go.etcd.io/raft/v3/tracker"
)

// What the library does not export and the comparison needs. Fields are found by name and type when the program starts,
// which ends it at once should another version of the library have changed them; nothing of the library is altered.

// A type is looked up by a path of fields from RawNode on; pointers on the way are followed.
func typeAt(path ...string) reflect.Type {
	t := reflect.TypeFor[raft.RawNode]()
	for _, name := range path {
		t = fieldOf(t, name).Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
	}
	return t
}

func fieldOf(t reflect.Type, name string) reflect.StructField {
	field, ok := t.FieldByName(name)
	if !ok {
		panic("the library has no field " + t.String() + "." + name)
	}
	return field
}

func offset(t reflect.Type, name, kind string) uintptr {
	field := fieldOf(t, name)
	if field.Type.String() != kind {
		panic("the library's " + t.String() + "." + name + " is a " + field.Type.String() + ", not a " + kind)
	}
	return field.Offset
}

var (
	raftType     = typeAt("raft")
	logType      = typeAt("raft", "raftLog")
	unstableType = typeAt("raft", "raftLog", "unstable")
	readsType    = typeAt("raft", "readOnly")
	progressType = reflect.TypeFor[tracker.Progress]()

	offRaft       = offset(reflect.TypeFor[raft.RawNode](), "raft", "*raft.raft")
	offPrevHard   = offset(reflect.TypeFor[raft.RawNode](), "prevHardSt", "*raftpb.HardState")
	offTimeout    = offset(raftType, "randomizedElectionTimeout", "int")
	offHeartbeat  = offset(raftType, "heartbeatElapsed", "int")
	offMsgs       = offset(raftType, "msgs", "[]*raftpb.Message")
	offPostponed  = offset(raftType, "pendingReadIndexMessages", "[]*raftpb.Message")
	offTracker    = offset(raftType, "trk", "tracker.ProgressTracker")
	offLog        = offset(raftType, "raftLog", "*raft.raftLog")
	offReads      = offset(raftType, "readOnly", "*raft.readOnly")
	offUnstable   = offset(logType, "unstable", "raft.unstable") + offset(unstableType, "entries", "[]*raftpb.Entry")
	offWaiting    = offset(readsType, "unconfirmedReads", "[]*raft.readIndexRequest")
	offAcks       = offset(readsType, "acks", "map[uint64]uint64")
	offConfirmed  = offset(readsType, "confirmedReads", "uint64")
	offSentCommit = offset(progressType, "sentCommit", "uint64")
)

func at[T any](base unsafe.Pointer, offset uintptr) *T { return (*T)(unsafe.Add(base, offset)) }

// inside is a view into a RawNode.
type inside struct {
	raft, log unsafe.Pointer
	prevHard  **pb.HardState
	timeout   *int
	heartbeat *int
	msgs      *[]*pb.Message
	postponed *[]*pb.Message
	tracker   *tracker.ProgressTracker
	unstable  *[]*pb.Entry
}

func lookInside(rn *raft.RawNode) inside {
	r := *at[unsafe.Pointer](unsafe.Pointer(rn), offRaft)
	log := *at[unsafe.Pointer](r, offLog)
	return inside{
		raft:      r,
		log:       log,
		prevHard:  at[*pb.HardState](unsafe.Pointer(rn), offPrevHard),
		timeout:   at[int](r, offTimeout),
		heartbeat: at[int](r, offHeartbeat),
		msgs:      at[[]*pb.Message](r, offMsgs),
		postponed: at[[]*pb.Message](r, offPostponed),
		tracker:   at[tracker.ProgressTracker](r, offTracker),
		unstable:  at[[]*pb.Entry](log, offUnstable),
	}
}

// reads is the library's record of reads that wait for a quorum; each term has its own.
func (in inside) reads() unsafe.Pointer { return *at[unsafe.Pointer](in.raft, offReads) }

// newestRead is the number of the last read that a quorum was asked for in this term.
func (in inside) newestRead() uint64 {
	reads := in.reads()
	return *at[uint64](reads, offConfirmed) + uint64(in.waitingReads())
}

func (in inside) waitingReads() int {
	return len(*at[[]unsafe.Pointer](in.reads(), offWaiting))
}

func sentCommit(progress *tracker.Progress) *uint64 {
	return at[uint64](unsafe.Pointer(progress), offSentCommit)
}

// readRequest has the layout of the library's readIndexRequest.
type readRequest struct {
	req   *pb.Message
	index uint64
}

//go:linkname logFirstIndex go.etcd.io/raft/v3.(*raftLog).firstIndex
func logFirstIndex(log unsafe.Pointer) uint64

//go:linkname logLastIndex go.etcd.io/raft/v3.(*raftLog).lastIndex
func logLastIndex(log unsafe.Pointer) uint64

//go:linkname logTerm go.etcd.io/raft/v3.(*raftLog).term
func logTerm(log unsafe.Pointer, index uint64) (uint64, error)

//go:linkname logHasSnapshot go.etcd.io/raft/v3.(*raftLog).hasNextOrInProgressSnapshot
func logHasSnapshot(log unsafe.Pointer) bool

//go:linkname logConflictByTerm go.etcd.io/raft/v3.(*raftLog).findConflictByTerm
func logConflictByTerm(log unsafe.Pointer, index, term uint64) (uint64, uint64)

//go:linkname raftSend go.etcd.io/raft/v3.(*raft).send
func raftSend(r unsafe.Pointer, m *pb.Message)

//go:linkname raftSendAppend go.etcd.io/raft/v3.(*raft).maybeSendAppend
func raftSendAppend(r unsafe.Pointer, to uint64, evenEmpty bool) bool

//go:linkname raftBroadcastHeartbeat go.etcd.io/raft/v3.(*raft).bcastHeartbeat
func raftBroadcastHeartbeat(r unsafe.Pointer)

//go:linkname raftCommittedInTerm go.etcd.io/raft/v3.(*raft).committedEntryInCurrentTerm
func raftCommittedInTerm(r unsafe.Pointer) bool

//go:linkname raftAnswerRead go.etcd.io/raft/v3.(*raft).responseToReadIndexReq
func raftAnswerRead(r unsafe.Pointer, request *pb.Message, index uint64) *pb.Message

//go:linkname readsAdvance go.etcd.io/raft/v3.(*readOnly).maybeAdvance
func readsAdvance(reads unsafe.Pointer, voters quorum.JointConfig) []*readRequest
