# SPDX-License-Identifier: Apache-2.0
# table.awk - from measure's output to Markdown: medians, ratios, and what there is to reach

BEGIN {
	FS = "\t"
	ours = "sriov"
	program_count = split("sriov floor host-device peer ipam-shim host-local", programs, " ")
	operation_count = split("VERSION ADD CHECK DEL", operations, " ")

	# at once | scenario | operation | cost | at most so many times the floor's
	target_count = split("1|no IPAM|ADD|wall|1.15;1|no IPAM|DEL|wall|1.15;1|no IPAM|ADD|cpu|1.5;" \
		"1|no IPAM|DEL|cpu|1.5;1|start|VERSION|wall|1.2;56|no IPAM|ADD|wall|1.1;" \
		"56|no IPAM|DEL|wall|1.1", targets, ";")
	# what | this scenario, operation and program | to that of the same round | at most
	between_count = split("wall|1|ipam-shim|ADD|sriov|1|no IPAM|ADD|sriov|1.1;" \
		"wall|1|ipam-shim|ADD|sriov|1|host-local|ADD|host-device|0.33;" \
		"wall|1|ipam-shim|ADD|sriov|1|host-local|ADD|peer|0.33;" \
		"cpu|1|an address alone|ADD|ipam-shim|1|an address alone|ADD|host-local|0.125;" \
		"cpu|1|an address, 100 given|ADD|ipam-shim|1|an address, 100 given|ADD|host-local|0.125", between, ";")
	max_rss_kb = 2048
}

$1 == "info" { info[$2] = $3 }

$1 == "run" {
	key = $2 "|" $5 "|" $6
	if (!(($2, $5) in met)) {
		met[$2, $5] = 1
		for (i = 1; i <= operation_count; i++)
			keys[++key_count] = $2 "|" $5 "|" operations[i]
	}
	n = ++runs[key, $4]
	cost["wall", key, $4, n] = $7
	cost["cpu", key, $4, n] = $8
	cost["rss", key, $4, n] = $9
	failed[key, $4] += $10
}

$1 == "trace" {
	messages["1|" $3 "|" $4, $2] = $5
	syscalls["1|" $3 "|" $4, $2] = $6
}

$1 == "pick" {
	if (!($2 in picks))
		helds[++held_count] = $2
	picks[$2] = $3 == "picked" ? picks[$2] + 1 : picks[$2] + 0
	pick_ms[$2, $3, picks[$2] + ($3 == "named")] = $4
}

# of a rush: milliseconds, and whether all was as it has to be
$1 == "rush" {
	rush_ms[$2, ++rushes[$2]] = $3
	rush_wrong += $2 == "serial" ? $4 != 14 : $2 == "rush" ? $4 != 14 || $5 != 86 : 0
}

$1 == "skip" { skipped[$2, $3] = sprintf("%s is left out of \"%s\": %s", $2, $3, $4) }

# The value below which the part p of the n values is; sorts them.
function quantile(values, n, p,    i, j, v) {
	for (i = 2; i <= n; i++) {
		v = values[i]
		for (j = i - 1; j >= 1 && values[j] > v; j--)
			values[j + 1] = values[j]
		values[j + 1] = v
	}
	if (p == 0.5 && n % 2 == 0)
		return (values[n / 2] + values[n / 2 + 1]) / 2
	i = int(p * n)
	return values[i < p * n ? i + 1 : i]
}

function cost_quantile(what, key, program, p,    values, i) {
	for (i = 1; i <= runs[key, program]; i++)
		values[i] = cost[what, key, program, i] + 0
	return quantile(values, runs[key, program], p)
}

# Within each round ours to the other's, and of these the median: what disturbs a moment disturbs both.
function paired(what, key, other) {
	return between_median(what, key, ours, key, other)
}

function between_median(what, key, program, other_key, other,    values, i) {
	for (i = 1; i <= runs[other_key, other]; i++)
		values[i] = cost[what, key, program, i] / cost[what, other_key, other, i]
	return quantile(values, runs[other_key, other], 0.5)
}

function ratios(what, key, other) {
	if (other == ours || !runs[key, ours])
		return ""
	return sprintf("%.2f (%.2f)", paired(what, key, other),
		       cost_quantile(what, key, ours, 0.5) / cost_quantile(what, key, other, 0.5))
}

# In words: "ADD, host-local, 7 at once".
function title(key,    part) {
	split(key, part, "|")
	return part[3] (part[2] == "start" ? "" : ", " part[2]) (part[1] == 1 ? "" : ", " part[1] " at once")
}

function row(a, b, c, d, e, f, g, h, i, j, k) {
	printf "| %-29s | %-11s | %7s | %7s | %7s | %7s | %4s | %7s | %8s | %13s | %13s |\n",
	       a, b, c, d, e, f, g, h, i, j, k
}

function print_costs(    i, j, key, program) {
	row("", "", "wall ms", "p95", "CPU ms", "p95", "MB", "netlink", "syscalls", "sriov/it wall",
	    "sriov/it CPU")
	row("---", "---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:")
	for (i = 1; i <= key_count; i++) {
		key = keys[i]
		for (j = 1; j <= program_count; j++) {
			program = programs[j]
			if (!runs[key, program])
				continue
			row(title(key), program,
			    sprintf("%.1f", cost_quantile("wall", key, program, 0.5)),
			    sprintf("%.1f", cost_quantile("wall", key, program, 0.95)),
			    sprintf("%.1f", cost_quantile("cpu", key, program, 0.5)),
			    sprintf("%.1f", cost_quantile("cpu", key, program, 0.95)),
			    sprintf("%.1f", cost_quantile("rss", key, program, 1) / 1024),
			    messages[key, program], syscalls[key, program],
			    ratios("wall", key, program), ratios("cpu", key, program))
		}
	}
}

# The median over the rounds of what was measured with so many VFs in use; way "ratio": picked to named
function pick_median(held, way,    i, values) {
	for (i = 1; i <= picks[held]; i++)
		values[i] = way == "ratio" ? pick_ms[held, "picked", i] / pick_ms[held, "named", i] : pick_ms[held, way, i]
	return quantile(values, picks[held], 0.5)
}

function rush_median(way,    i, values) {
	for (i = 1; i <= rushes[way]; i++)
		values[i] = rush_ms[way, i]
	return quantile(values, rushes[way], 0.5)
}

function print_picks(    i) {
	print "\nADD of a VF that is named, and of one that is picked among 56 (median):\n"
	print "| VFs in use | named, ms | picked, ms | picked/named |"
	print "|        --: |       --: |        --: |          --: |"
	for (i = 1; i <= held_count; i++)
		printf "| %10d | %9.1f | %10.1f | %12.2f |\n", helds[i], pick_median(helds[i], "named"),
		       pick_median(helds[i], "picked"), pick_median(helds[i], "ratio")
	printf "\nWith a thread for each CPU of the machine: 14 ADDs one after the other: %.0f ms. 100 at once for these 14 VFs: %.0f ms. ", rush_median("serial"), rush_median("rush")
	printf "To start 100 processes\nthat only say their version: %.0f ms.\n", rush_median("start")
}

function verdict(what, limit, value, good) {
	printf "| %-66s | %8s | %8s | %-6s |\n", what, limit, value, good ? "yes" : "**no**"
}

function print_verdicts(    i, part, key, other_key, value, rss, failures) {
	printf "| %-66s | %8s | %8s | %-6s |\n", "to reach", "at most", "is", "there"
	printf "| %-66s | %8s | %8s | %-6s |\n", "---", "--:", "--:", "---"
	for (i = 1; i <= target_count; i++) {
		split(targets[i], part, "|")
		key = part[1] "|" part[2] "|" part[3]
		if (!runs[key, ours] || !runs[key, "floor"])
			continue
		value = paired(part[4], key, "floor")
		verdict(title(key) ": " (part[4] == "cpu" ? "CPU" : "wall") " / floor", part[5],
			sprintf("%.2f", value), value <= part[5])
	}
	for (i = 1; i <= between_count; i++) {
		split(between[i], part, "|")
		key = part[2] "|" part[3] "|" part[4]
		other_key = part[6] "|" part[7] "|" part[8]
		if (!runs[key, part[5]] || runs[key, part[5]] != runs[other_key, part[9]])
			continue
		value = between_median(part[1], key, part[5], other_key, part[9])
		verdict(title(key) ", " part[5] ": " (part[1] == "cpu" ? "CPU" : "wall") " / " \
			(other_key == key ? "" : title(other_key) ", ") part[9], part[10],
			sprintf("%.2f", value), value <= part[10])
	}
	if (held_count) {
		value = pick_median(helds[held_count], "ratio")
		verdict(sprintf("ADD, %d VFs in use: picked / named", helds[held_count]), 1.1, sprintf("%.2f", value), value <= 1.1)
		value = rush_median("rush") / rush_median("serial")
		verdict("100 ADDs for 14 VFs at once / 14 one by one", 1.2, sprintf("%.2f", value), value <= 1.2)
		value = (rush_median("rush") - rush_median("start")) / rush_median("serial")
		verdict("the same, less the start of 100 processes", 1.2, sprintf("%.2f", value), value <= 1.2)
	}
	failures = rush_wrong
	for (i = 1; i <= key_count; i++) {
		failures += failed[keys[i], ours]
		if (keys[i] !~ /host-local/ && runs[keys[i], ours]) {
			value = cost_quantile("rss", keys[i], ours, 1)
			rss = value > rss ? value : rss
		}
	}
	verdict("RSS, without an IPAM process, MB", sprintf("%.1f", max_rss_kb / 1024),
		sprintf("%.2f", rss / 1024), rss <= max_rss_kb)
	verdict("failures", "0", failures + 0, failures == 0)
}

END {
	printf "Measured %s in a virtual machine with %s CPUs: kernel %s, QEMU %s; %s.\n", info["date"],
	       info["cpus"], info["kernel"], info["qemu"], info["rounds"]
	printf "The host's load before it was %s.\n", info["load"]
	print "Medians; MB is the largest RSS of all processes of all runs. Ratios: the median of the ratios within"
	print "each round, and in parentheses the ratio of the medians. With many at once wall time is until the last"
	print "has ended, CPU is the sum. host-local is a process of its own, whose cost is in every figure of its rows."
	if ("peer" in info)
		printf "The peer is `%s`.\n", info["peer"]
	print ""
	print_costs()
	if (held_count)
		print_picks()
	for (i in skipped)
		printf "\n%s\n", skipped[i]
	for (i = 1; i <= key_count; i++)
		for (j = 1; j <= program_count; j++)
			if (failed[keys[i], programs[j]])
				printf "\n%s, %s: %d failures.\n", programs[j], title(keys[i]),
				       failed[keys[i], programs[j]]
	for (i = 1; i <= key_count; i++)
		have_ours = have_ours || runs[keys[i], ours]
	if (have_ours) {
		print ""
		print_verdicts()
	}
}
