# SPDX-License-Identifier: Apache-2.0
# Makefile - `make help` says what it can do

PREFIX    ?= /usr/local
CNIBINDIR ?= /opt/cni/bin
DESTDIR   ?=
B         := build$(if $(SAN),/san)

CC       ?= gcc
CFLAGS   ?= -O2 -g
OUR_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wvla $(if $(CI),-Werror) \
	-fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=2 -fPIE \
	-ffunction-sections -fdata-sections -MMD -MP
INCLUDES := -Ilib -Iipam-shim -Iplugin -isystem /usr/include/libnl3

# SAN=1: AddressSanitizer and UndefinedBehaviorSanitizer, which cannot be linked statically.
ifdef SAN
OUR_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -U_FORTIFY_SOURCE
LINK := -fsanitize=address,undefined
else
# What goes into CNIBINDIR finds no libraries on the host it lands on.
LINK := -static-pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections
endif
LIBS := -ljansson -lnl-3

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

lib_o    := $(patsubst %.c,$(B)/%.o,$(wildcard lib/*.c ipam-shim/*.c))
plugin_o := $(patsubst %.c,$(B)/%.o,$(wildcard plugin/*.c))

build: $(B)/sriov ## build the programs into build/

$(B)/sriov: $(plugin_o) $(lib_o)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OUR_CFLAGS) $(CFLAGS) $(INCLUDES) -c -o $@ $<

-include $(wildcard $(B)/*/*.d)
