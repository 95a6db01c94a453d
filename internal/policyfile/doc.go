// Package policyfile reads and writes policies as people write them
// (docs/formats/policy.md): strict, with file, line and key of all that is wrong.
//
// It must not decide anything and must not open a file.
package policyfile
