"""The table (80 columns) and the verdict on the issue's aims."""

import textwrap

from .session import MANY, ONE, ONE_CORE

AIMS = {"p50_ratio": 2.0, "rate_ratio": 0.12, "worker_megabytes": 1.5}
#: More than this share of the cores busy before the run: the absolute figures say little.
BUSY = 0.15


def judge(result):
    """The aims with what was measured: PASS, MISS or `not measured`."""
    workers = [w["pss"] / 1e6 for w in result.get("memory", {}).get("workers", []) if w]
    mean = sum(workers) / len(workers) if workers else None
    p50 = ("p50_us", AIMS["p50_ratio"], "at most")
    aims = [
        _ratio(result, f"p50 at 1 connection <= {AIMS['p50_ratio']:.1f} x C relay", "C relay", ONE, *p50),
        _ratio(result, "  the same with all processes on one core", "C relay", ONE_CORE, *p50),
        _ratio(
            result, f"rate at 64 connections >= {AIMS['rate_ratio']:.2f} x nginx", "nginx, static", MANY,
            "rate", AIMS["rate_ratio"], "at least",
        ),
        {
            "aim": f"PSS of an idle worker of 20 <= {AIMS['worker_megabytes']:.1f} MB",
            "value": mean,
            "spread": [min(workers), max(workers)] if workers else None,
            "limit": AIMS["worker_megabytes"],
            "sense": "at most",
            "unit": "MB",
        },
    ]  # fmt: skip
    for aim in aims:
        value, limit = aim["value"], aim["limit"]
        met = value is not None and (value <= limit if aim["sense"] == "at most" else value >= limit)
        aim["verdict"] = "not measured" if value is None else "PASS" if met else "MISS"
    return aims


def _ratio(result, aim, other, mode, key, limit, sense):
    """The ratio of the medians; the spread is that of the ratios of single rounds."""
    ours, theirs = (result["medians"].get(name, {}).get(mode, {}).get(key) for name in ("warmplane", other))
    runs = [result["rounds"].get(name, {}).get(mode, []) for name in ("warmplane", other)]
    ratios = [a[key] / b[key] for a, b in zip(*runs)]
    return {
        "aim": aim,
        "value": ours / theirs if ours and theirs else None,
        "spread": [min(ratios), max(ratios)] if ratios else None,
        "limit": limit,
        "sense": sense,
        "unit": "x",
    }


def table(result):
    sections = [_head(result), _speed(result), _costs(result), _memory(result), _aims(result), _notes(result)]
    return "\n\n".join(section for section in sections if section)


def _head(result):
    m, plan = result["machine"], result["plan"]
    lines = [
        f"warmplane bench  {result['when']}  {result['revision']}",
        f"{m['cores']} cores, {m['cpu'] or m['machine']}, Linux {m['kernel']}",
        f"{plan['rounds']} rounds of {plan['seconds']:g} s per figure, interleaved; medians."
        f" Took {result['seconds']:.0f} s.",
    ]
    if m["busy_before"] > BUSY:
        lines.append(
            f"WARNING: {m['busy_before']:.0%} of the cores were busy before the run; trust no figure below."
        )
    return "\n".join(lines)


def _speed(result):
    medians = result["medians"]
    lines = [
        "tools/call          1 connection     1, on one core          64 connections",
        "                  p50 us   p99 us   p50 us   p99 us   p50 us   p99 us   calls/s",
    ]
    for name, modes in medians.items():
        times = "".join(f"{modes[mode][key]:>9.1f}" for mode in (ONE, ONE_CORE, MANY) for key in ("p50_us", "p99_us"))
        lines.append(f"{name:<15}{times}{modes[MANY]['rate']:>10,.0f}")
    ours = medians.get("warmplane")
    if ours:
        lines += ["", "warmplane divided by   p50 at 1   p50 at 1, one core   rate at 64"]
        for name, modes in medians.items():
            if name in ("warmplane", "warmplane, HTTP", "direct, HTTP"):
                continue
            p50, pinned = (ours[mode]["p50_us"] / modes[mode]["p50_us"] for mode in (ONE, ONE_CORE))
            rate = ours[MANY]["rate"] / modes[MANY]["rate"]
            lines.append(f"  {name:<21}{p50:>7.2f}x{pinned:>20.2f}x{rate:>12.3f}x")
    over_http, direct = medians.get("warmplane, HTTP"), medians.get("direct, HTTP")
    if over_http and direct:
        p50, pinned = (over_http[mode]["p50_us"] / direct[mode]["p50_us"] for mode in (ONE, ONE_CORE))
        rate = over_http[MANY]["rate"] / direct[MANY]["rate"]
        lines += ["warmplane, HTTP divided by"]
        lines.append(f"  {'direct, HTTP':<21}{p50:>7.2f}x{pinned:>20.2f}x{rate:>12.3f}x")
    if result["nginx"]:
        lines += [
            "",
            f"nginx {result['nginx']} (Debian): the same POST, `return 200` with {result['body_bytes']} bytes,",
            "no access log, keep-alive. `nginx, static` has worker_processes auto (Debian's",
            "default; warmplane, too, may use every core) and is the one the aim is about;",
            "`1 worker` is one event loop, as the daemon's front is.",
        ]
    return "\n".join(lines)


def _costs(result):
    lines = [
        "per call              CPU us  CPU us   system    alloca-  allocated  threads",
        "                   at 1 con.   at 64    calls      tions      bytes",
    ]
    details, reasons = [], []
    allocations = result.get("allocations", {})
    for label, cpu in result["cpu_us"].items():
        calls = result["system_calls"].get(label, {})
        memory = allocations.get(label, {})
        lines.append(
            f"{label:<18}{_number(cpu.get(ONE)):>10}{_number(cpu.get(MANY)):>8}{_number(calls.get('total')):>9}"
            f"{_number(memory.get('count')):>11}{_number(memory.get('bytes'), 0):>11}"
            f"{result['threads'].get(label, '-'):>9}"
        )
        if calls.get("by_name"):
            top = [f"{name} {count:.2f}" for name, count in calls["by_name"].items() if count >= 0.02][:6]
            details += textwrap.wrap(f"{label}: {', '.join(top)}", 80, initial_indent="  ", subsequent_indent="    ")
        reasons += [f"  {label}: {part['reason'][:70]}" for part in (calls, memory) if "reason" in part]
    if details:
        lines += ["System calls at 1 connection:", *details]
    if reasons:
        lines += ["Not measured:", *reasons]
    return "\n".join(lines)


def _memory(result):
    memory = result.get("memory")
    workers = [w for w in memory["workers"] if w] if memory else []
    if not workers:
        return ""

    def line(label, figures, key):
        values = sorted(f[key] / 1e6 for f in figures)
        return f"{label:<26}{sum(values) / len(values):>8.2f}{values[0]:>8.2f}{values[-1]:>8.2f}"

    lines = [
        f"{len(workers)} idle upstreams, MB (10^6)   mean     min     max"
        f"    all ready after {memory['ready_seconds']:.2f} s",
        line("worker, PSS", workers, "pss"),
        line("worker, private", workers, "private"),
    ]
    for label, key in (("daemon, PSS", "daemon"), ("an upstream (C), PSS", "upstream")):
        if memory[key]:
            lines.append(line(label, [memory[key]], "pss"))
    lines.append(f"threads: daemon {memory['threads']['daemon']}, worker {memory['threads']['worker']}")
    return "\n".join(lines)


def _aims(result):
    lines = ["aims"]
    for aim in result["aims"]:
        if aim["value"] is None:
            lines.append(f"  {aim['aim']:<44}{'-':>10}  not measured")
            continue
        spread = f"({aim['spread'][0]:.2f}..{aim['spread'][1]:.2f})" if aim["spread"] else ""
        lines.append(f"  {aim['aim']:<44}{aim['value']:>7.2f} {aim['unit']:<3}{spread:<14}{aim['verdict']}")
    return "\n".join(lines)


def _notes(result):
    lines = [textwrap.fill(note, 80, initial_indent="  ", subsequent_indent="    ") for note in result["notes"]]
    return "\n".join(["notes", *lines]) if lines else ""


def _number(value, digits=1):
    return "-" if value is None else f"{value:,.{digits}f}"
