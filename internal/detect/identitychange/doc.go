// Package identitychange tells of devices that are no longer who they were:
// other firmware, another device at the address, two that claim one address.
//
// It must not keep the inventory: that says what changed, here is judged what is
// worth a person's time. Addresses that move as DHCP and redundancy move them
// are not.
package identitychange
