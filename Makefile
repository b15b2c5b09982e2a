# SPDX-License-Identifier: Apache-2.0
# Makefile - `make help` says what it can do

PREFIX    ?= /usr/local
CNIBINDIR ?= /opt/cni/bin
UNITDIR   ?= $(PREFIX)/lib/systemd/system
DESTDIR   ?=
VERSION   := 0.9
B         := build$(if $(SAN),/san)

CC       ?= gcc
CFLAGS   ?= -O2 -g
OUR_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wvla $(if $(CI),-Werror) \
	-fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=2 -fPIE \
	-ffunction-sections -fdata-sections -MMD -MP
INCLUDES := -Ilib -Iipam-shim -Iplugin -Isriovctl -isystem /usr/include/libnl3

# SAN=1: AddressSanitizer and UndefinedBehaviorSanitizer, which cannot be linked statically.
ifdef SAN
OUR_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -U_FORTIFY_SOURCE
LINK := -fsanitize=address,undefined
else
# What goes into CNIBINDIR finds no libraries on the host it lands on.
# Packed relocations start faster.
LINK := -static-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,pack-relative-relocs -Wl,--gc-sections
endif
LIBS := -ljansson -lnl-3
# sriovctl is for the host, and Debian has no static libpci.
CTL_LINK := $(if $(SAN),$(LINK),-pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

lib_o    := $(patsubst %.c,$(B)/%.o,$(filter-out ipam-shim/main.c,$(wildcard lib/*.c ipam-shim/*.c)))
plugin_o := $(patsubst %.c,$(B)/%.o,$(wildcard plugin/*.c))
ctl_o    := $(patsubst %.c,$(B)/%.o,$(wildcard sriovctl/*.c))
tests    := $(patsubst %.c,$(B)/%,$(wildcard tests/*_test.c))
# what the tests share
tests_o  := $(patsubst %.c,$(B)/%.o,$(filter-out %_test.c,$(wildcard tests/*.c)))
sources  := $(wildcard lib/*.[ch] plugin/*.[ch] ipam-shim/*.[ch] sriovctl/*.[ch] tests/*.[ch] tests/fuzz/*.[ch] \
	integration/*/*.[ch])
tidied   := $(patsubst %.c,$(B)/%.tidy,$(wildcard lib/*.c ipam-shim/*.c plugin/*.c sriovctl/*.c))
# Scripts are those that say so in their first line, or are meant to be read by one.
scripts  := $(shell grep -lsIE '^\#!.*(ba)?sh' -r .ci integration tests --include='*') \
	$(wildcard integration/b*/*.bats integration/b*/*.bash) sriovctl/completion

build: $(B)/sriov $(B)/ipam-shim/ipam-shim $(B)/sriovctl/sriovctl ## build the programs into build/

$(B)/sriov: $(plugin_o) $(lib_o)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

# beside its objects: build/ipam-shim is their folder
$(B)/ipam-shim/ipam-shim: $(B)/ipam-shim/main.o $(lib_o)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/sriovctl/sriovctl: $(ctl_o) $(lib_o)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(CTL_LINK) $(LDFLAGS) -o $@ $^ $(LIBS) -lpci

$(B)/sriovctl/main.o: OUR_CFLAGS += '-DSRIOVCTL_VERSION="$(VERSION)"'

$(B)/tests/%_test: $(B)/tests/%_test.o $(tests_o) $(filter-out %/main.o,$(plugin_o) $(ctl_o)) $(lib_o)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(if $(SAN),$(LINK),-pie) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS) -lpci

# what the tests of big PFs run in the virtual machine
$(B)/integration/pf/pf: $(B)/integration/pf/pf.o $(lib_o)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(if $(SAN),$(LINK),-pie) $(LDFLAGS) -o $@ $^ $(LIBS)

.SECONDARY: $(tests:=.o) $(tests_o)

$(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_CFLAGS) $(CFLAGS) $(INCLUDES) -c -o $@ $<

-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d)

deps: ## install what building and testing need (Debian 12 or 13, as root)
	$(Q)integration/deps

install: build ## install programs into CNIBINDIR, manual pages, units and completion below PREFIX
	$(Q)install -D -m 0755 build/sriov $(DESTDIR)$(CNIBINDIR)/.sriov.new
	$(Q)mv -f $(DESTDIR)$(CNIBINDIR)/.sriov.new $(DESTDIR)$(CNIBINDIR)/sriov
	$(Q)install -D -m 0755 build/ipam-shim/ipam-shim $(DESTDIR)$(CNIBINDIR)/.ipam-shim.new
	$(Q)mv -f $(DESTDIR)$(CNIBINDIR)/.ipam-shim.new $(DESTDIR)$(CNIBINDIR)/ipam-shim
	$(Q)install -D -m 0755 build/sriovctl/sriovctl $(DESTDIR)$(PREFIX)/sbin/sriovctl
	$(Q)install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/man/man8 doc/sriov-cni.8 doc/ipam-shim.8 \
		doc/sriovctl.8
	$(Q)install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/man/man5 doc/sriov-cni.conf.5
	$(Q)install -D -m 0644 -t $(DESTDIR)$(UNITDIR) systemd/sriovctl-gc.timer
	$(Q)sed -e 's|@SBINDIR@|$(PREFIX)/sbin|; s|@CNIBINDIR@|$(CNIBINDIR)|' systemd/sriovctl-gc.service.in \
		>$(DESTDIR)$(UNITDIR)/sriovctl-gc.service
	$(Q)install -D -m 0644 sriovctl/completion $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sriovctl

uninstall: ## remove what install installed
	$(Q)rm -f $(DESTDIR)$(CNIBINDIR)/sriov $(DESTDIR)$(CNIBINDIR)/ipam-shim \
		$(DESTDIR)$(PREFIX)/sbin/sriovctl \
		$(addprefix $(DESTDIR)$(UNITDIR)/,sriovctl-gc.service sriovctl-gc.timer) \
		$(addprefix $(DESTDIR)$(PREFIX)/share/man/man8/,sriov-cni.8 ipam-shim.8 sriovctl.8) \
		$(DESTDIR)$(PREFIX)/share/man/man5/sriov-cni.conf.5 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/sriovctl

demo: deps build ## show the main job in a virtual machine, or with PF=name on this host
	$(Q)integration/demo $(PF)

check: deps ## all tests: unit tests, and those in the virtual machine
	$(Q)integration/count $(MAKE) --no-print-directory check-unit check-vm

check-unit: $(tests) ## the unit tests
	$(Q)integration/check-unit $(tests)

check-vm: build ## the tests in the virtual machine; KERNEL=6.1 for the older kernel
	$(Q)integration/check $(BATS)

vm: build ## a shell in the virtual machine
	$(Q)integration/vm -i

bench: deps build ## measure speed in the virtual machine; PEER=/path adds another plugin
	$(Q)integration/bench/run doc/performance.md

fuzz: ## run each fuzzer for SECONDS (60)
	$(Q)integration/fuzz $(or $(SECONDS),60)

soak: deps build ## walk at random for STEPS (5000), load for SECONDS (300); SEED=n repeats
	$(Q)integration/soak/run $(or $(STEPS),5000) $(or $(SECONDS),300) $(SEED)

guide: deps build ## doc/guide.md as a test, and wait for its guest to boot (a quarter of an hour)
	$(Q)GUEST=all TIMEOUT=5400 integration/check guide.bats

mutants: deps ## break the code in many places, one at a time: a test has to see each; ONLY='L5 GC'
	$(Q)integration/mutants -o doc/mutants.md $(ONLY)

# The loops that cppcheck is told of are macros of libraries whose headers it is not shown.
lint: layers build $(tidied) ## static analysis of sources, scripts and documents
	$(Q)integration/docs
	$(Q)integration/units
	$(Q)integration/mutants -n
	$(Q)clang-format --dry-run -Werror $(sources)
	$(Q)shellcheck -x $(scripts)
	$(Q)cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability \
		--std=c11 -D_GNU_SOURCE $(INCLUDES) '-Djson_array_foreach(a,i,v)=for(;;)' \
		'-Djson_object_foreach(a,k,v)=for(;;)' '-Dnla_for_each_nested(a,l,r)=for(;;)' \
		'-Dnla_for_each_attr(a,h,l,r)=for(;;)' lib ipam-shim plugin sriovctl

# after the object, which knows the headers: only what has changed is looked at again
$(B)/%.tidy: %.c $(B)/%.o .clang-tidy
	$(Q)clang-tidy --quiet $< -- -std=gnu17 -D_GNU_SOURCE '-DSRIOVCTL_VERSION=""' $(INCLUDES)
	$(Q)touch $@

docs: ## write doc/configuration.md anew, from the manual page
	$(Q)integration/docs write

format: ## let clang-format put the sources in order
	$(Q)clang-format -i $(sources)

layers: ## check that the rooms keep to their own things
	$(Q)integration/layers

clean: ## remove build/, but for what deps fetched
	$(Q)rm -rf build/lib build/plugin build/ipam-shim build/sriovctl build/tests build/integration build/san build/fuzz \
		build/mutants build/sriov

help: ## this list
	$(Q)sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14
	$(Q)echo 'variables: SAN=1 (sanitizers) V=1 (show commands) DESTDIR PREFIX CNIBINDIR UNITDIR KERNEL PEER PF STEPS SECONDS SEED ONLY'

.DEFAULT_GOAL := build
.PHONY: build deps install uninstall demo check check-unit check-vm vm bench fuzz soak guide mutants lint \
	docs format layers clean help
