# SPDX-License-Identifier: Apache-2.0
# sources.awk - picks Debian's own entries out of apt's sources, for a release and its backports
#
# awk -v own=CODENAME -v want=CODENAME [-v backports=yes] [-v deb822=yes] -f sources.awk FILE...
#
# own is the release that the entries are for, want the one that they shall be for. An entry is kept
# as it is (mirror, snapshot, options, keys) but for its suites: own, own-updates and own-security
# become those of want, others go.

# the suites of want for those of own in LIST
function wanted(list,    n, i, suite, out) {
	n = split(list, suite, /[ \t\n]+/)
	for (i = 1; i <= n; i++) {
		if (suite[i] != own && suite[i] != own "-updates" && suite[i] != own "-security")
			continue
		if (suite[i] == own && backports)
			out = out " " want "-backports"
		out = out " " want substr(suite[i], length(own) + 1)
	}
	return substr(out, 2)
}

function has_word(list, word) {
	return (" " list " ") ~ ("[ \t\n]" word "[ \t\n]")
}

# deb [OPTION=VALUE...] URI SUITE COMPONENT...
function one_line(    line, options, n, word, i, suites, components, suite) {
	line = $0
	sub(/#.*/, "", line)
	if (line !~ /^[ \t]*deb[ \t]/ || line ~ /cdrom:/)
		return
	sub(/^[ \t]*deb[ \t]+/, "", line)
	if (match(line, /^\[[^]]*\][ \t]*/)) {
		options = substr(line, 1, RLENGTH)
		line = substr(line, RLENGTH + 1)
	}
	n = split(line, word, /[ \t]+/)
	for (i = 3; i <= n; i++)
		components = components " " word[i]
	suites = wanted(word[2])
	if (suites == "" || !has_word(components, "main"))
		return
	n = split(suites, suite, " ")
	for (i = 1; i <= n; i++)
		print "deb", options word[1], suite[i], "main"
}

# one "Field: value" with its continuation lines; names of fields know no case
function stanza_line() {
	if ($0 ~ /^#/)
		return
	if ($0 ~ /^[ \t]*$/) {
		stanza_end()
	} else if ($0 ~ /^[ \t]/) {
		value[fields] = value[fields] "\n" $0
	} else {
		fields++
		name[fields] = tolower(substr($0, 1, index($0, ":") - 1))
		value[fields] = substr($0, index($0, ":") + 1)
	}
}

function stanza_end(    i, usable, suites, components, types, text) {
	usable = 1
	for (i = 1; i <= fields; i++) {
		if (name[i] == "types")
			types = value[i]
		else if (name[i] == "suites")
			suites = wanted(value[i])
		else if (name[i] == "components")
			components = value[i]
		else if (name[i] == "enabled")
			usable = value[i] !~ /no|false|without|off|disable/
		else
			text = text name[i] ":" value[i] "\n"
	}
	fields = 0
	if (usable && suites != "" && has_word(types, "deb") && has_word(components, "main"))
		printf "types: deb\nsuites: %s\ncomponents: main\n%s\n", suites, text
}

deb822 && FNR == 1 { stanza_end() }
deb822 { stanza_line() }
!deb822 { one_line() }
END { if (deb822) stanza_end() }
