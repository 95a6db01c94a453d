package store

import "firedoor"

// OfAsset asks for a page of what an asset has. Empty members ask for all.
type OfAsset struct {
	Asset  string // id or alias
	Limit  int
	Cursor string
	Text   string
}

// PointPage is a page of process values.
type PointPage struct {
	Points []firedoor.Point `json:"points"`
	Total  int              `json:"total"`
	Next   string           `json:"next"`
}

// Program is a program and the sensor that saw it.
type Program struct {
	firedoor.Program
	Key    string `json:"key"`
	Sensor string `json:"sensor"`
}

// ProgramPage is a page of programs.
type ProgramPage struct {
	Programs []Program `json:"programs"`
	Total    int       `json:"total"`
	Next     string    `json:"next"`
}
