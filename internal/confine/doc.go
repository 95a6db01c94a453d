// Package confine takes rights away from the running process once it has opened
// what it needs: files and TCP ports by landlock, capabilities, and the chance to
// get any of them back. It also speaks to the service manager that started the
// process.
//
// It must not decide what a process may keep (its caller names that), must not
// give rights, and must not call something confined that is not: what a kernel
// cannot do is listed, and what is in force is asked of the kernel.
package confine
