package store

import "firedoor"

// AssetRow is an asset in a table.
type AssetRow struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Role       string     `json:"role"`
	Level      string     `json:"level"`
	Vendor     string     `json:"vendor"`
	Model      string     `json:"model"`
	Firmware   string     `json:"firmware"`
	Segment    string     `json:"segment"`
	Zone       string     `json:"zone" doc:"Name of the zone, for people"`
	Addresses  string     `json:"addresses_text" doc:"Present addresses: IP first, then MAC"`
	Known      bool       `json:"known"`
	FirstSeen  string     `json:"first_seen"`
	LastSeen   string     `json:"last_seen"`
	Packets    uint64     `json:"packets"`
	OpenAlerts Severities `json:"open_alerts"`
}

// Asset is all that is known of an asset.
type Asset struct {
	firedoor.Asset
	Zone       string     `json:"zone"`
	Sensor     string     `json:"sensor"`
	OpenAlerts Severities `json:"open_alerts"`
}

// AssetState says which assets are asked for.
type AssetState string

// The states of an asset.
const (
	AllAssets   AssetState = "all"
	KnownAssets AssetState = "known" // there when learning ended
	NewAssets   AssetState = "new"
)

// AssetQuery asks for a page. Empty members ask for all.
type AssetQuery struct {
	Limit  int
	Cursor string
	Text   string
	Level  string
	Role   string
	State  AssetState
}

// AssetPage is a page of assets.
type AssetPage struct {
	Assets []AssetRow `json:"assets"`
	Total  int        `json:"total"`
	Next   string     `json:"next"`
}
