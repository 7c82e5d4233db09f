package dev.mezzotint.cli;

import picocli.CommandLine.Command;

/** {@code datasets}: inspects data sets. */
@Command(
    name = "datasets",
    description = "Inspect data sets for training.",
    synopsisSubcommandLabel = "WHAT")
public final class DatasetsCommand {}
