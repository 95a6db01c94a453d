module firedoor

go 1.26

require (
	github.com/alecthomas/kong v1.17.0
	github.com/gopacket/gopacket v1.7.7
	github.com/klauspost/compress v1.20.3
	github.com/ulikunitz/xz v0.5.17
	pgregory.net/rapid v1.3.0
)
