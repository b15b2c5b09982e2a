// SPDX-License-Identifier: Apache-2.0
// go.mod - the cnitool of the tests: `make deps` builds it, the same on every machine by go.sum

module cnitool

go 1.21

require github.com/containernetworking/cni v1.3.0
