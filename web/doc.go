// Package web is the console's built front end, embedded in the binary. It must
// not hold logic: what the page shows comes from the API, and whoever serves the
// files decides how.
package web
