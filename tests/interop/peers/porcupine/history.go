package main

type history struct {
	Start      *start      `json:"start"`
	Operations []operation `json:"operations"`
}

type start struct {
	Revision        int64 `json:"revision"`
	CompactRevision int64 `json:"compactRevision"`
	Kvs             []kv  `json:"kvs"`
}

type operation struct {
	Invoke  int64   `json:"invoke"`
	Return  int64   `json:"return"`
	Request request `json:"request"`
	Result  result  `json:"result"`
}

type result struct {
	Status   string    `json:"status"`
	Error    string    `json:"error"`
	Revision int64     `json:"revision"`
	Response *response `json:"response"`
}

type request struct {
	Kind         string    `json:"kind"`
	Key          string    `json:"key"`
	RangeEnd     string    `json:"rangeEnd"`
	Value        string    `json:"value"`
	Lease        string    `json:"lease"`
	PrevKv       bool      `json:"prevKv"`
	IgnoreValue  bool      `json:"ignoreValue"`
	IgnoreLease  bool      `json:"ignoreLease"`
	Revision     int64     `json:"revision"`
	Limit        int       `json:"limit"`
	CountOnly    bool      `json:"countOnly"`
	KeysOnly     bool      `json:"keysOnly"`
	Serializable bool      `json:"serializable"`
	Compares     []compare `json:"compares"`
	Success      []request `json:"success"`
	Failure      []request `json:"failure"`
}

type compare struct {
	Key      string      `json:"key"`
	RangeEnd string      `json:"rangeEnd"`
	Target   string      `json:"target"`
	Result   string      `json:"result"`
	Value    interface{} `json:"value"`
}

// kv is a stored key; the fields of one that a client saw may be absent, which is told by the pointers of seenKv.
type kv struct {
	Key            string `json:"key"`
	Value          string `json:"value"`
	CreateRevision int64  `json:"createRevision"`
	ModRevision    int64  `json:"modRevision"`
	Version        int64  `json:"version"`
	Lease          string `json:"lease"`
}

type seenKv struct {
	Key            string  `json:"key"`
	Value          *string `json:"value"`
	CreateRevision *int64  `json:"createRevision"`
	ModRevision    *int64  `json:"modRevision"`
	Version        *int64  `json:"version"`
	Lease          *string `json:"lease"`
}

type response struct {
	Kind      string           `json:"kind"`
	PrevKv    optional[seenKv] `json:"prevKv"`
	Kvs       []seenKv         `json:"kvs"`
	Count     *int             `json:"count"`
	More      *bool            `json:"more"`
	Deleted   int              `json:"deleted"`
	PrevKvs   *[]seenKv        `json:"prevKvs"`
	Succeeded bool             `json:"succeeded"`
	Responses []response       `json:"responses"`
}

func (r *request) onlyRanges() bool {
	for _, branch := range [][]request{r.Success, r.Failure} {
		for _, inner := range branch {
			if inner.Kind != "range" {
				return false
			}
		}
	}
	return true
}

func (r *request) isSerializable() bool {
	if r.Kind == "range" {
		return r.Serializable
	}
	if r.Kind != "txn" || !r.onlyRanges() {
		return false
	}
	for _, branch := range [][]request{r.Success, r.Failure} {
		for _, inner := range branch {
			if !inner.Serializable {
				return false
			}
		}
	}
	return true
}

func (h *history) lastSeen() int64 {
	last := int64(0)
	for _, one := range h.Operations {
		if one.Result.Status == "ok" {
			last = max(last, one.Result.Revision)
		}
	}
	return last
}

// matters leaves out what has no answer to judge and changes nothing.
func (o *operation) matters(last int64) bool {
	switch o.Result.Status {
	case "failed":
		judged := o.Request.Kind == "range" || o.Request.Kind == "compact"
		return judged && (o.Result.Error == "compacted" || o.Result.Error == "future")
	case "unknown":
		if o.Request.Kind == "compact" {
			return o.Request.Revision <= last
		}
		return o.Request.Kind != "range"
	}
	return true
}
