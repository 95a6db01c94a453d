package firedoor

// Program is one line of programs.json (docs/formats/programs.md): a block,
// project, firmware or file of a controller, and every content of it that was
// seen on its way to or from there.
type Program struct {
	Segment    string           `json:"segment"`
	Server     Address          `json:"server"`
	Protocol   string           `json:"protocol"`
	Unit       *uint32          `json:"unit,omitempty"` // of those behind the server's address
	Kind       string           `json:"kind"`
	Name       string           `json:"name"`
	Unfinished uint64           `json:"unfinished"` // transfers that began and of which no end was seen
	Began      *ProgramBegan    `json:"began,omitempty"`
	Forgotten  uint64           `json:"forgotten"` // contents for which there was no room any more
	Contents   []ProgramContent `json:"contents"`
}

// ProgramBegan is the last of a program's transfers that began and of which no end was seen.
type ProgramBegan struct {
	Client  *Address `json:"client"`
	Upload  bool     `json:"upload"` // from the controller
	Time    string   `json:"time"`
	Capture string   `json:"capture,omitempty"`
	Frame   uint32   `json:"frame"`
}

// ProgramContent is one content of a Program, told by its sum. Whole is false where
// bytes of it were missed: then Sum is empty and nothing can be compared.
type ProgramContent struct {
	Sum       string   `json:"sha256,omitempty"`
	Whole     bool     `json:"whole"`
	Bytes     int64    `json:"bytes"`
	Downloads uint64   `json:"downloads"` // to the controller
	Uploads   uint64   `json:"uploads"`   // from the controller
	Learned   bool     `json:"learned"`   // first seen while learning
	First     string   `json:"first"`
	Last      string   `json:"last"`
	Client    *Address `json:"client"` // of the last transfer
	Capture   string   `json:"capture,omitempty"`
	Frame     uint32   `json:"frame"` // in which the last transfer ended
}
