package dev.mezzotint.bench;

import picocli.CommandLine.Command;

/** {@code bench}: the project's benchmarks, run on the user's machine. */
@Command(
    name = "bench",
    description = "Measure this software on this machine.",
    synopsisSubcommandLabel = "COMMAND")
public final class BenchCommand {}
