package motive

// Cycle is a driver's hours-of-service rule set, under the API's name.
type Cycle string

// Exception is an exception to a cycle, under the API's name.
type Exception string

// Violation is an hours-of-service violation, under the API's name.
type Violation string
