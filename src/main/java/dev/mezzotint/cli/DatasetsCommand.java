package dev.mezzotint.cli;

import picocli.CommandLine.Command;

/** {@code datasets}: inspects data sets. */
@Command(
    name = "datasets",
    description = "Inspect data sets for training.",
    synopsisSubcommandLabel = "COMMAND")
public final class DatasetsCommand {}
